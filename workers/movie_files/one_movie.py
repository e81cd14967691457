"""One movie's file to sums, motion and CTF in a folder; no database, no session."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from smartscope.analysis.base import BoolArray, FloatImage
from smartscope.analysis.io.defect_file import read_defects
from smartscope.analysis.io.gain import read_gain
from smartscope.analysis.io.movie import EER_SUFFIXES, open_movie
from smartscope.analysis.io.movie_metadata import MovieMetadata, read_movie_metadata
from smartscope.analysis.movies.align import Taken
from smartscope.analysis.movies.measure import CtfWanted, ExposureMeasures, measure_exposure
from smartscope.domain.errors import BadFile, InvalidInput
from workers.movie_files.results import Record, write_pictures, write_record
from workers.movie_files.wanted import Wanted


@dataclass(slots=True)
class References:
    """Gain and bad pixels, read once for each size of frame."""

    wanted: Wanted
    _gains: dict[tuple[int, int], FloatImage] = field(default_factory=dict)
    _defects: dict[tuple[int, int], BoolArray] = field(default_factory=dict)

    def gain(self, shape: tuple[int, int]) -> FloatImage | None:
        """The factors of frames of `shape`. Raises as `read_gain`."""
        if self.wanted.gain is None:
            return None
        if shape not in self._gains:
            self._gains[shape] = read_gain(
                self.wanted.gain,
                shape=shape,
                orientation=self.wanted.gain_orientation,
                reciprocal=self.wanted.gain_reciprocal,
            )
        return self._gains[shape]

    def defects(self, shape: tuple[int, int]) -> BoolArray | None:
        """The listed bad pixels of frames of `shape`. Raises as `read_defects`."""
        if self.wanted.defects is None:
            return None
        if shape not in self._defects:
            self._defects[shape] = read_defects(self.wanted.defects, shape=shape)
        return self._defects[shape]


def process_movie(movie: Path, wanted: Wanted, references: References, folder: Path) -> Record:
    """Measure one movie and write everything it gives; the record comes last.

    Raises `BadFile` or `InvalidInput` with what to do about it; then nothing is recorded.
    """
    said = read_movie_metadata(movie)
    frames, shape = _opened(movie, wanted, said)
    taken = _taken(movie, wanted, said, frames)
    assert taken.voltage_kv is not None
    optics = wanted.optics(taken.voltage_kv)
    measures = measure_exposure(
        movie,
        taken,
        ctf=CtfWanted(
            optics=optics,
            expected_defocus_angstrom=None if said.defocus_um is None else 1e4 * said.defocus_um,
        ),
        gain=references.gain(shape),
        defects=references.defects(shape),
        eer_fractions=wanted.eer_fractions,
    )
    name = write_pictures(folder, movie, measures, taken.pixel_size_angstrom)
    record = _record(wanted.fingerprint(movie), movie, name, taken, wanted, measures)
    write_record(folder, movie, record)
    return record


def _opened(movie: Path, wanted: Wanted, said: MovieMetadata) -> tuple[int, tuple[int, int]]:
    """Frames and their shape, compared with what the file beside the movie promises."""
    with open_movie(movie, eer_fractions=wanted.eer_fractions) as opened:
        frames, shape = opened.frames, (opened.height_px, opened.width_px)
    event_list = movie.suffix.lower() in EER_SUFFIXES
    if said.frames is not None and not event_list and said.frames != frames and said.source:
        raise BadFile(
            f"{movie.name} has {frames} frames where {said.source.name} promises {said.frames}: it "
            "is still being written or was cut; copy it again."
        )
    return frames, shape


def _taken(movie: Path, wanted: Wanted, said: MovieMetadata, frames: int) -> Taken:
    pixel = wanted.pixel_size_angstrom or said.pixel_size_angstrom
    voltage = wanted.voltage_kv or said.voltage_kv
    if pixel is None:
        raise InvalidInput(
            {"pixel_size": f"Nothing beside {movie.name} says its pixel size; give --pixel-size."}
        )
    if voltage is None:
        raise InvalidInput(
            {"voltage": f"Nothing beside {movie.name} says the voltage; give --voltage."}
        )
    dose = wanted.dose_e_per_a2
    if dose is None and said.dose_e_per_a2 is not None:
        dose = said.dose_e_per_a2 / frames
    return Taken(
        pixel_size_angstrom=pixel,
        dose_per_frame_e_per_a2=dose,
        dose_before_e_per_a2=wanted.dose_before_e_per_a2,
        voltage_kv=voltage,
    )


def _record(
    fingerprint: str,
    movie: Path,
    micrograph: str,
    taken: Taken,
    wanted: Wanted,
    measures: ExposureMeasures,
) -> Record:
    aligned, fit, ice = measures.aligned, measures.ctf.fit, measures.ice
    return Record(
        fingerprint=fingerprint,
        movie=str(movie),
        micrograph=micrograph,
        pixel_size_angstrom=taken.pixel_size_angstrom,
        voltage_kv=taken.voltage_kv or 0.0,
        spherical_aberration_mm=wanted.spherical_aberration_mm,
        amplitude_contrast=wanted.amplitude_contrast,
        frames=measures.frames,
        dose_per_frame_e_per_a2=taken.dose_per_frame_e_per_a2,
        drift_total_angstrom=aligned.drift_total_angstrom,
        drift_early_angstrom=aligned.drift_early_angstrom,
        local_motion=aligned.local is not None,
        defocus_u_angstrom=None if fit is None else fit.defocus_u_angstrom,
        defocus_v_angstrom=None if fit is None else fit.defocus_v_angstrom,
        defocus_angle_deg=None if fit is None else fit.axis_deg,
        defocus_error_angstrom=None if fit is None else fit.defocus_error_angstrom,
        ctf_fit_angstrom=None if fit is None else fit.fit_angstrom,
        ctf_score=None if fit is None else fit.score,
        ctf_refusal=measures.ctf.reason,
        ice_nm=None if ice is None else ice.thickness_nm,
        ice_at_most=ice is not None and ice.upper_bound,
        warnings=aligned.warnings,
    )
