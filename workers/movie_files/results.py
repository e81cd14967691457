"""What a processed movie leaves in a folder, and how a later run knows that it is done.

The record, a small JSON file, is written last: where it is, the pictures are whole.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import starfile

from smartscope.analysis.base import FloatImage
from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.io.mrc import save_mrc
from smartscope.analysis.movies.measure import ExposureMeasures

MICROGRAPHS_STAR: Final = "micrographs.star"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Numbers of one movie; None where not measured or not known. Lengths in Å unless named."""

    fingerprint: str
    movie: str
    micrograph: str
    pixel_size_angstrom: float
    voltage_kv: float
    spherical_aberration_mm: float
    amplitude_contrast: float
    frames: int
    dose_per_frame_e_per_a2: float | None
    drift_total_angstrom: float | None
    drift_early_angstrom: float | None
    local_motion: bool
    defocus_u_angstrom: float | None
    defocus_v_angstrom: float | None
    defocus_angle_deg: float | None
    defocus_error_angstrom: float | None
    ctf_fit_angstrom: float | None
    ctf_score: float | None
    ctf_refusal: str
    ice_nm: float | None
    ice_at_most: bool
    warnings: tuple[str, ...]
    format: int = _FORMAT


def record_path(folder: Path, movie: Path) -> Path:
    """Where the record of a movie lies."""
    return folder / f"{movie.stem}.json"


def read_record(folder: Path, movie: Path, fingerprint: str) -> Record | None:
    """The record of a movie that was processed just so before; None when there is none."""
    try:
        said: dict[str, Any] = json.loads(record_path(folder, movie).read_text(encoding="utf-8"))
        said["warnings"] = tuple(said["warnings"])
        record = Record(**said)
    except (OSError, ValueError, TypeError, KeyError):
        # missing, of an older version, or cut: all mean that the movie is to be done again
        return None
    whole = record.format == _FORMAT and (folder / record.micrograph).is_file()
    return record if whole and record.fingerprint == fingerprint else None


def write_pictures(
    folder: Path, movie: Path, measures: ExposureMeasures, pixel_size_angstrom: float
) -> str:
    """Write the sums and the motion; returns the name of the one to go on with."""
    sums = measures.aligned.sums
    pictures: dict[str, FloatImage] = {"sum": sums.plain, "even": sums.even, "odd": sums.odd}
    if sums.weighted is not None:
        pictures["weighted"] = sums.weighted
    for kind, pixels in pictures.items():
        save_mrc(
            folder / f"{movie.stem}_{kind}.mrc", pixels, pixel_size_angstrom=pixel_size_angstrom
        )
    _write_motion(folder / f"{movie.stem}_motion.star", measures)
    return f"{movie.stem}_{'weighted' if sums.weighted is not None else 'sum'}.mrc"


def write_record(folder: Path, movie: Path, record: Record) -> None:
    """Write the record so that it appears whole."""
    with written_aside(record_path(folder, movie)) as part:
        part.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")


def write_micrographs(folder: Path, records: Sequence[Record]) -> Path:
    """One STAR file of all records, with RELION's words; what was not measured is left out.

    A movie without a CTF has defocus 0 and a fit limit of 999 Å, by which programs leave it out.
    """
    optics = pd.DataFrame(_optics_rows(records))
    micrographs = pd.DataFrame([_micrograph_row(record, records) for record in records])
    path = folder / MICROGRAPHS_STAR
    with written_aside(path) as part:
        starfile.write({"optics": optics, "micrographs": micrographs}, part)
    return path


def _optics_key(record: Record) -> tuple[float, ...]:
    return (
        record.voltage_kv,
        record.spherical_aberration_mm,
        record.amplitude_contrast,
        record.pixel_size_angstrom,
    )


def _optics_rows(records: Sequence[Record]) -> list[dict[str, Any]]:
    return [
        {
            "rlnOpticsGroupName": f"opticsGroup{number}",
            "rlnOpticsGroup": number,
            "rlnVoltage": key[0],
            "rlnSphericalAberration": key[1],
            "rlnAmplitudeContrast": key[2],
            "rlnMicrographPixelSize": key[3],
        }
        for number, key in enumerate(_groups(records), start=1)
    ]


def _groups(records: Sequence[Record]) -> list[tuple[float, ...]]:
    return list(dict.fromkeys(_optics_key(record) for record in records))


def _micrograph_row(record: Record, records: Sequence[Record]) -> dict[str, Any]:
    found = record.defocus_u_angstrom is not None and record.defocus_v_angstrom is not None
    u, v = record.defocus_u_angstrom or 0.0, record.defocus_v_angstrom or 0.0
    drift = record.drift_total_angstrom, record.drift_early_angstrom
    total, early = (0.0 if each is None else each for each in drift)
    return {
        "rlnMicrographName": record.micrograph,
        "rlnMicrographMovieName": record.movie,
        "rlnMicrographMetadata": f"{Path(record.movie).stem}_motion.star",
        "rlnOpticsGroup": _groups(records).index(_optics_key(record)) + 1,
        "rlnDefocusU": u,
        "rlnDefocusV": v,
        "rlnCtfAstigmatism": u - v,
        "rlnDefocusAngle": record.defocus_angle_deg or 0.0,
        "rlnCtfMaxResolution": 999.0
        if not found or record.ctf_fit_angstrom is None
        else record.ctf_fit_angstrom,
        "rlnCtfFigureOfMerit": record.ctf_score or 0.0,
        "rlnAccumMotionTotal": total,
        "rlnAccumMotionEarly": early,
        "rlnAccumMotionLate": total - early,
    }


def _write_motion(path: Path, measures: ExposureMeasures) -> None:
    """What undoes the motion of each frame, pixels, relative to the first; as RELION has it."""
    aligned = measures.aligned
    shifts = (aligned.shifts_angstrom - aligned.shifts_angstrom[0]) / aligned.pixel_size_angstrom
    table = pd.DataFrame(
        {
            "rlnMicrographFrameNumber": np.arange(1, len(shifts) + 1),
            "rlnMicrographShiftX": -shifts[:, 0],
            "rlnMicrographShiftY": -shifts[:, 1],
        }
    )
    with written_aside(path) as part:
        starfile.write({"global_shift": table}, part)
