"""A tomogram from files to a file, in parts that survive a stop: what was finished is not done
again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import mrcfile
import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage
from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.io.fourier_crop import crop_to
from smartscope.analysis.io.mrc import open_mrc
from smartscope.analysis.tomography.geometry import TiltGeometry
from smartscope.analysis.tomography.reconstruct import Settings, prepare, slab, slabs
from smartscope.domain.errors import BadFile, Conflict

Progress = Callable[[int, int], None]
_FORM: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VolumeJob:
    """`series` is an MRC stack of tilts as taken; `geometry` and `pixel_size_angstrom` are of its
    pixels, `settings.depth_px` of voxels `binning` times as large.
    """

    series: Path
    geometry: TiltGeometry
    settings: Settings
    pixel_size_angstrom: float
    binning: int = 1
    out: Path = field(default_factory=Path)

    @property
    def record(self) -> Path:
        """Says beside the volume what it was made of."""
        return self.out.with_suffix(".json")

    def fingerprint(self) -> str:
        """Changes with the series, the geometry or a setting; 16 hexadecimal digits."""
        file, g = self.series.stat(), self.geometry
        parts = [g.angles_deg, g.axis_deg, g.shifts_px, g.scale, g.sections]
        if g.dose_before_e_per_a2 is not None:
            parts.append(g.dose_before_e_per_a2)
        told = [_FORM, file.st_size, file.st_mtime_ns, self.binning, self.pixel_size_angstrom]
        text = repr((told, self.settings, [np.round(each, 6).tolist() for each in parts]))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_tilts(series: Path, *, binning: int = 1) -> FloatImage:
    """(tilts, height, width) of an MRC stack, Fourier-cropped. Raises `BadFile`."""
    frames = open_mrc(series)
    try:
        header = frames.header
        shape = header.height_px // binning, header.width_px // binning
        tilts = np.empty((header.frames, *shape), dtype=np.float32)
        for number in range(header.frames):
            picture = frames.read(number)
            if binning > 1:
                even = picture[: shape[0] * binning, : shape[1] * binning]
                tilts[number] = crop_to(even, shape)
            else:
                tilts[number] = picture
    finally:
        frames.close()
    return tilts


def make_volume(job: VolumeJob, *, progress: Progress = lambda _done, _all: None) -> bool:
    """Write `job.out`; False when it was there already, made the same way.

    `progress` is told of slabs done and in all. Raises `BadFile`, `UnusableImage`, `InvalidInput`,
    and `Conflict` where the file was made in another way.
    """
    mark = job.fingerprint()
    if job.out.exists():
        if _recorded(job.record) == mark:
            return False
        raise Conflict(
            f"{job.out.name} is there already and was made otherwise; "
            "delete it or name another folder."
        )
    parts = job.out.with_name(f".{job.out.name}.{mark}.parts")
    parts.mkdir(parents=True, exist_ok=True)
    tilts = read_tilts(job.series, binning=job.binning)
    pixel = job.pixel_size_angstrom * job.binning
    prepared = prepare(
        tilts, job.geometry.binned(job.binning), job.settings, pixel_size_angstrom=pixel
    )
    del tilts
    rows = list(slabs(prepared, job.settings))
    for number, each in enumerate(rows):
        file = parts / f"{each.start:06d}.npy"
        if not file.exists():
            with written_aside(file) as aside, aside.open("wb") as stream:
                np.save(stream, slab(prepared, job.settings, each))
        progress(number + 1, len(rows))
    _joined(job, parts, rows, pixel)
    _record(job, mark)
    shutil.rmtree(parts)
    return True


def save_volume(path: Path, volume: FloatImage, *, pixel_size_angstrom: float) -> None:
    """A volume (depth, height, width) as MRC that appears whole."""
    _write(path, volume.shape, pixel_size_angstrom, lambda z: volume[z])


def _joined(job: VolumeJob, parts: Path, rows: list[slice], pixel: float) -> None:
    opened = [np.load(parts / f"{each.start:06d}.npy", mmap_mode="r") for each in rows]
    depth, _, width = opened[0].shape
    shape = (depth, sum(part.shape[1] for part in opened), width)
    _write(job.out, shape, pixel, lambda z: np.concatenate([part[z] for part in opened]))


def _write(
    path: Path,
    shape: tuple[int, ...],
    pixel_size_angstrom: float,
    plane: Callable[[int], NDArray[np.float32]],
) -> None:
    with written_aside(path) as aside, mrcfile.new_mmap(aside, shape=shape, mrc_mode=2) as file:
        for z in range(shape[0]):
            file.data[z] = plane(z)
        file.set_volume()
        file.voxel_size = pixel_size_angstrom
        file.update_header_stats()


def _record(job: VolumeJob, mark: str) -> None:
    told = {
        "fingerprint": mark,
        "series": job.series.name,
        "method": job.settings.method.value,
        "binning": job.binning,
        "pixel_size_angstrom": job.pixel_size_angstrom * job.binning,
        "angles_deg": job.geometry.angles_deg.tolist(),
        "axis_deg": job.geometry.axis_deg.tolist(),
        "shifts_px": job.geometry.shifts_px.tolist(),
    }
    with written_aside(job.record) as aside:
        aside.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _recorded(path: Path) -> str | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told.get("fingerprint") if isinstance(told, dict) else None


def pixel_size_of(series: Path) -> float:
    """What the stack's header says, Å. Raises `BadFile` where it says nothing usable."""
    frames = open_mrc(series)
    frames.close()
    if frames.header.pixel_size_angstrom is None:
        raise BadFile(f"{series.name} does not say its pixel size; give it.")
    return frames.header.pixel_size_angstrom
