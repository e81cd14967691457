"""One ZIP per export: coordinates, or stacks with the table that names each box."""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from smartscope.analysis.io.image import read_image
from smartscope.analysis.io.mrc import write_mrc
from smartscope.analysis.picking.coordinate_files import (
    PickedMicrograph,
    box_text,
    coordinates_star,
    cryosparc_table,
    particle_columns,
    star_text,
)
from smartscope.analysis.picking.particle_stacks import particle_stack
from smartscope.models import Export, ExportFormat
from smartscope.queries.picked_micrographs import PickedExposure
from smartscope.storage.current import current_store
from workers.exports.micrographs import box_px_of, micrograph_of, optics_of

#: the same export has the same bytes
_EPOCH = (1980, 1, 1, 0, 0, 0)
NOTE = "read_me.txt"


@dataclass(slots=True)
class Written:
    """What came of it, said in one sentence to whoever asked."""

    particles: int = 0
    left_out: int = 0

    @property
    def message(self) -> str:
        if not self.left_out:
            return ""
        return f"{self.left_out} particles too near an edge for their box were left out."


@dataclass(slots=True)
class _Table:
    """Rows of many micrographs; a column that one of them lacks is left out altogether."""

    parts: list[dict[str, Any]] = field(default_factory=list)

    def columns(self) -> dict[str, list[Any]]:
        shared = set.intersection(*(set(part) for part in self.parts)) if self.parts else set()
        joined: dict[str, list[Any]] = defaultdict(list)
        for part in self.parts:
            for name, values in part.items():
                if name in shared:
                    joined[name].extend(values)
        return joined


def write_archive(
    stream: BinaryIO, export: Export, exposures: Iterable[PickedExposure], tell: Callable[[], None]
) -> Written:
    """Write to a stream that cannot seek; `tell` is called after each exposure."""
    written = Written()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        write = _WRITERS[ExportFormat(export.format)]
        write(archive, export, exposures, tell, written)
        put(archive, NOTE, _note(export, written))
    return written


def _stars(
    archive: zipfile.ZipFile,
    export: Export,
    exposures: Iterable[PickedExposure],
    tell: Callable[[], None],
    written: Written,
) -> None:
    table, files, pixel = _Table(), [], 1.0
    for one in exposures:
        micrograph = micrograph_of(one)
        pixel = micrograph.pixel_size_angstrom
        table.parts.append(particle_columns(micrograph))
        name = f"coordinates/{_stem(micrograph)}_pick.star"
        files.append((micrograph.name, name))
        put(archive, name, coordinates_star(micrograph))
        written.particles += len(micrograph.centres_px)
        tell()
    optics = optics_of(export.grid, pixel).columns()
    put(archive, "particles.star", star_text({"optics": optics, "particles": table.columns()}))
    named = {
        "rlnMicrographName": [name for name, _ in files],
        "rlnMicrographCoordinates": [where for _, where in files],
    }
    put(archive, "coordinates.star", star_text({"coordinate_files": named}))


def _cryosparc(
    archive: zipfile.ZipFile,
    export: Export,
    exposures: Iterable[PickedExposure],
    tell: Callable[[], None],
    written: Written,
) -> None:
    micrographs = []
    for one in exposures:
        micrographs.append(micrograph_of(one))
        written.particles += len(one.particles_px)
        tell()
    put(archive, "picked_particles.cs", cryosparc_table(micrographs))


def _boxes(
    archive: zipfile.ZipFile,
    export: Export,
    exposures: Iterable[PickedExposure],
    tell: Callable[[], None],
    written: Written,
) -> None:
    for one in exposures:
        micrograph = micrograph_of(one)
        box_px = box_px_of(one, export.options["box_px"])
        put(archive, f"{_stem(micrograph)}.box", box_text(micrograph, box_px))
        written.particles += len(micrograph.centres_px)
        tell()


def _stacks(
    archive: zipfile.ZipFile,
    export: Export,
    exposures: Iterable[PickedExposure],
    tell: Callable[[], None],
    written: Written,
) -> None:
    """One box size for all of them, that of the first: a table has one."""
    table, box_px, optics = _Table(), 0, {}
    for one in exposures:
        micrograph = micrograph_of(one)
        box_px = box_px or box_px_of(one, export.options["box_px"])
        with current_store().local_copy(one.image.key) as path:
            total = read_image(path).pixels
        stack = particle_stack(
            total,
            one.particles_px,
            box_px=box_px,
            binning=export.options["binning"],
            pixel_size_angstrom=micrograph.pixel_size_angstrom,
        )
        many, side = len(stack.boxes), stack.boxes.shape[1]
        written.particles += many
        written.left_out += len(one.particles_px) - many
        tell()
        if not many:
            continue
        name = f"particles/{_stem(micrograph)}.mrcs"
        file = io.BytesIO()
        write_mrc(
            file, stack.boxes, frame_count=many, pixel_size_angstrom=stack.pixel_size_angstrom
        )
        put(archive, name, file.getvalue())
        rows = particle_columns(micrograph)
        kept = {
            key: [v for v, inside in zip(values, stack.inside, strict=True) if inside]
            for key, values in rows.items()
        }
        kept["rlnImageName"] = [f"{at:06d}@{name}" for at in range(1, many + 1)]
        table.parts.append(kept)
        optics = optics_of(export.grid, micrograph.pixel_size_angstrom).columns() | {
            "rlnImagePixelSize": [stack.pixel_size_angstrom],
            "rlnImageSize": [side],
            "rlnImageDimensionality": [2],
        }
    if table.parts:
        tables = {"optics": optics, "particles": table.columns()}
        put(archive, "particles.star", star_text(tables))


_WRITERS = {
    ExportFormat.STAR: _stars,
    ExportFormat.CS: _cryosparc,
    ExportFormat.BOX: _boxes,
    ExportFormat.STACK: _stacks,
}


def _stem(micrograph: PickedMicrograph) -> str:
    return PurePosixPath(micrograph.name).stem


def put(archive: zipfile.ZipFile, name: str, content: str | bytes) -> None:
    """One file of it, with the same bytes whenever it is written."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def _note(export: Export, written: Written) -> str:
    grid = export.grid
    lines = [
        f"Particles of grid {grid.name}, session {grid.session.name}: {written.particles}.",
        "Coordinates are pixels of the aligned sum from its file's first: x in a row, y by rows.",
        "Boxes of a stack are bright particles on dark ice of mean 0 and deviation 1.",
        written.message,
    ]
    if grid.session.simulated:
        lines.insert(0, "SIMULATED: no real specimen was looked at.")
    return "\n".join(line for line in lines if line) + "\n"
