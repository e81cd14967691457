"""High-magnification exposures into files: shift, expose, read out, save, item after item."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from smartscope.domain.geometry import Affine
from smartscope.microscope.errors import CommandRefused
from smartscope.microscope.simulator import frame_files, positioning, sensor
from smartscope.microscope.simulator.durations import Operation, duration_s
from smartscope.microscope.simulator.exposure_log import Exposure
from smartscope.microscope.simulator.imaging import (
    begin_exposure,
    nominal_affine,
    require_dose,
    witnessed,
)
from smartscope.microscope.simulator.optics.values import Movie
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.simulator.witness import Witness
from smartscope.microscope.values import Area, RecordedFile, RecordItem, RecordPlan

MAX_FRAMES = 400


@dataclass(frozen=True, slots=True, eq=False)
class Filmed:
    """A movie in the camera's memory, its line in the ledger, and its pixels' nominal place."""

    movie: Movie
    exposure: Exposure
    nominal: Affine


def record(
    scope: Scope, plan: RecordPlan, witness: Witness, *, truncated: bool = False
) -> tuple[RecordedFile, ...]:
    """Expose every item of the plan; `truncated` cuts the last file short after it was saved."""
    require_possible(plan)
    positioning.go_to(scope, Area.RECORD)
    files = tuple(_record_item(scope, plan, item, witness) for item in plan.items)
    if truncated and files:
        frame_files.truncate(files[-1].path)
    return files


def require_possible(plan: RecordPlan) -> None:
    """Raise CommandRefused for a plan that cannot be carried out; nothing was exposed."""
    if not plan.folder.is_dir():
        raise CommandRefused(f"{plan.folder} is no folder; make it before exposing into it.")
    if plan.file_format not in frame_files.FORMATS:
        raise CommandRefused(
            f"The camera cannot write {plan.file_format!r}; choose one of "
            f"{', '.join(frame_files.FORMATS)}."
        )
    for item in plan.items:
        if Path(item.name).name != item.name or not item.name or item.name.startswith("."):
            raise CommandRefused(f"{item.name!r} is no plain file name; nothing was exposed.")
        if _path(plan, item).exists():
            raise CommandRefused(
                f"{_path(plan, item).name} exists already; nothing was exposed and nothing "
                "overwritten. Adopt that file or choose another name."
            )
        if not 1 <= item.frames <= MAX_FRAMES:
            raise CommandRefused(f"{item.frames} frames are not between 1 and {MAX_FRAMES}.")
        require_dose(item.dose_e_per_a2)
        positioning.require_defocus(item.defocus_um)


def _path(plan: RecordPlan, item: RecordItem) -> Path:
    return plan.folder / f"{item.name}.{plan.file_format}"


def _record_item(
    scope: Scope, plan: RecordPlan, item: RecordItem, witness: Witness
) -> RecordedFile:
    world = scope.world
    positioning.set_image_shift(scope, item.image_shift)
    positioning.set_defocus(scope, item.defocus_um)
    started = time.perf_counter()
    exposure_s = scope.calibration.record_exposure_s
    filmed = film(scope, item, witness, exposure_s=exposure_s)
    file = save(scope, filmed, item, _path(plan, item), save_frames=plan.save_frames)
    saving = duration_s(world.seed, Operation.SAVE, world.count(f"op:{Operation.SAVE}"))
    world.pass_time(
        exposure_s + saving * scope.calibration.record_save_factor, started_wall_s=started
    )
    world.spend(Operation.READOUT)
    return file


def film(scope: Scope, item: RecordItem, witness: Witness, *, exposure_s: float) -> Filmed:
    """Expose a movie where the beam is now; dose is spent, no time has passed, no file is there."""
    exposure, pose = begin_exposure(scope, Area.RECORD, item.dose_e_per_a2, item=item.name)
    recording = sensor.film(scope, item, exposure, pose, exposure_s)
    nominal = nominal_affine(scope, Area.RECORD)
    seen = witnessed(
        scope, Area.RECORD, exposure, pose, true=recording.movie.image_to_stage, nominal=nominal
    )
    witness.saw(replace(seen, record=recording.truth))
    return Filmed(recording.movie, exposure, nominal)


def save(
    scope: Scope, filmed: Filmed, item: RecordItem, path: Path, *, save_frames: bool
) -> RecordedFile:
    """Write a movie (or its sum) to `path`, with its gain reference and `.mdoc` beside it."""
    movie, exposure, nominal = filmed.movie, filmed.exposure, filmed.nominal
    pixel = scope.area(Area.RECORD).pixel_size_um * 1e4
    gain = _gain_file(path.parent, movie, scope.calibration.name, pixel)
    frames = movie.frames if save_frames else summed(movie)
    notes = path.with_name(f"{path.name}.mdoc")
    frame_files.write_text(notes, _notes(scope, item, movie, exposure, nominal, gain))
    # Last of all: where the frames have their name, everything belonging to them is there.
    frame_files.write_frames(path, frames, pixel)
    return RecordedFile(
        item=item.name,
        path=path,
        frames=len(frames),
        width_px=frames.shape[2],
        height_px=frames.shape[1],
        pixel_size_angstrom=pixel,
        dose_e_per_a2=item.dose_e_per_a2,
        dose_per_frame_e_per_a2=item.dose_e_per_a2 / len(frames),
        gain_path=gain if save_frames else None,
        mdoc_path=notes,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size_bytes=path.stat().st_size,
        pose=positioning.position(scope),
        image_shift=item.image_shift,
        defocus_um=item.defocus_um,
        pixel_to_stage=nominal,
        mean_counts=float(movie.frames.mean(dtype=np.float64)) * len(movie.frames),
        exposure_s=movie.exposure_s,
        taken_at_s=exposure.start_s,
    )


def summed(movie: Movie) -> frame_files.Frames:
    """The flattened sum of all frames as the only frame, float32."""
    total = movie.frames.sum(axis=0, dtype=np.float32) * movie.gain_reference
    flat: frame_files.Frames = total[None].astype(np.float32)
    return flat


def _gain_file(folder: Path, movie: Movie, camera: str, pixel_size_angstrom: float) -> Path:
    """The gain reference, once per folder and gain; multiply frames by it."""
    digest = hashlib.blake2b(movie.gain_reference.tobytes(), digest_size=4).hexdigest()
    path = folder / f"gain_{camera.replace(' ', '')}_{digest}.mrc"
    if not path.exists():
        frame_files.write_frames(path, movie.gain_reference[None], pixel_size_angstrom)
    return path


def _notes(
    scope: Scope,
    item: RecordItem,
    movie: Movie,
    exposure: Exposure,
    nominal: Affine,
    gain: Path,
) -> str:
    pose, frames = positioning.position(scope), len(movie.frames)
    per_frame = item.dose_e_per_a2 / frames
    pixel = scope.area(Area.RECORD).pixel_size_um * 1e4
    header = {
        "T": f"smartscope simulator {scope.settings.name}",
        "PixelSpacing": f"{pixel:.5g}",
        "Voltage": f"{scope.settings.voltage_kv:.0f}",
    }
    matrix = (nominal.a, nominal.b, nominal.c, nominal.d)
    section = {
        "TiltAngle": f"{pose.tilt_deg:.3f}",
        "StagePosition": f"{pose.x_um:.4f} {pose.y_um:.4f}",
        "StageZ": f"{pose.z_um:.4f}",
        "ImageShift": f"{item.image_shift.x_um:.5f} {item.image_shift.y_um:.5f}",
        "Defocus": f"{-item.defocus_um:.4f}",
        "TargetDefocus": f"{-item.defocus_um:.4f}",
        "ExposureTime": f"{movie.exposure_s:.3f}",
        "ExposureDose": f"{item.dose_e_per_a2:.4f}",
        "DoseRate": f"{item.dose_e_per_a2 * pixel**2 / movie.exposure_s:.4f}",
        "Binning": "1",
        "RotationAngle": "0",
        "NumSubFrames": str(frames),
        "FrameDosesAndNumber": f"{per_frame:.5f} {frames}",
        "GainReference": gain.name,
        "CountsPerElectron": "1",
        "DividedBy2": "0",
        "DateTime": time.strftime("%d-%b-%Y  %H:%M:%S", time.gmtime(exposure.start_s)),
        "ImageToStageMatrix": " ".join(f"{value:.8g}" for value in matrix),
        "ReferenceItem": item.name,
    }
    return frame_files.mdoc(header, section)
