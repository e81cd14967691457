"""Collect an EPU session from its folders: sessions, atlases, and which picture shows what."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from smartscope.analysis.io.epu import read_epu_atlas, read_epu_session
from smartscope.analysis.io.epu_values import EpuAtlas, EpuImage, EpuImageKind, EpuSession
from smartscope.analysis.io.image import read_image
from smartscope.domain.errors import BadFile, InvalidInput
from smartscope.domain.geometry import Affine
from smartscope.domain.protocol import HOLE_TYPES
from smartscope.operations.import_epu import EpuGrid, EpuImport, Picture
from smartscope.storage.current import current_store
from smartscope.storage.keys import object_key, safe_part


def collect(folder: Path, *, name: str | None, group: str, mesh: str) -> EpuImport:
    """Read everything below `folder` and copy its pictures into the store.

    `folder` holds one EPU session and the atlases it refers to, in any arrangement. Raises
    InvalidInput when there is no session or no atlas, BadFile when a file is broken.
    """
    session = _only_session(folder)
    atlases = [read_epu_atlas(path) for path in sorted(folder.rglob("Atlas.dm"))]
    if not atlases:
        raise InvalidInput(
            {"folder": f"{folder} holds no Atlas.dm; copy EPU's atlas folder beside the session."}
        )
    title = name or session.name
    voltages = [image.voltage_kv for image in session.images if image.voltage_kv]
    cameras = [image.detector for image in session.images if image.detector]
    return EpuImport(
        name=title,
        group=group,
        voltage_kv=round(voltages[0]) if voltages else 300,
        camera=cameras[0] if cameras else "camera",
        hole_diameter_um=session.hole_diameter_um,
        hole_type=_hole_type(session),
        mesh=mesh,
        taken_at_s=session.started_at_s,
        grids=[
            _grid(title, position, folder, atlas, session)
            for position, atlas in enumerate(atlases, start=1)
        ],
    )


def _only_session(folder: Path) -> EpuSession:
    found = sorted(folder.rglob("EpuSession.dm"))
    if len(found) != 1:
        raise InvalidInput(
            {
                "folder": f"{folder} holds {len(found)} EpuSession.dm files; "
                "give a folder with exactly one EPU session."
            }
        )
    return read_epu_session(found[0].parent)


def _hole_type(session: EpuSession) -> str:
    """The film whose diameter and pitch come nearest to what EPU measured."""
    diameter, pitch = session.hole_diameter_um, session.hole_spacing_um
    if diameter is None or pitch is None:
        return "R1.2/1.3"
    films = [film for film in HOLE_TYPES.values() if film.lattice == "square"]
    return min(
        films,
        key=lambda film: (
            abs((film.diameter_um or 0.0) - diameter) + abs((film.pitch_um or 0.0) - pitch)
        ),
    ).name


def _grid(title: str, position: int, folder: Path, atlas: EpuAtlas, session: EpuSession) -> EpuGrid:
    if atlas.picture is None:
        raise BadFile(f"The atlas {atlas.name} has no JPEG beside its metadata; export it again.")
    sample = atlas.picture.relative_to(folder).parent.parent.name or f"sample {position}"
    ids = {square.id for square in atlas.squares}
    shown = [image for image in session.images if _square_id(image) in ids]
    slug = f"g{position:02d}"
    to_stage = _atlas_to_stage(atlas)
    squares = [
        (_square_id(image), image, _picture(title, slug, image, to_stage))
        for image in shown
        if image.kind is EpuImageKind.GRID_SQUARE
    ]
    holes = [
        (_square_id(image), image, _picture(title, slug, image, to_stage))
        for image in shown
        if image.kind in (EpuImageKind.FOIL_HOLE, EpuImageKind.EXPOSURE)
    ]
    return EpuGrid(
        position=position,
        name=sample,
        atlas=atlas,
        picture=_store(title, slug, "atlas", atlas.picture, to_stage),
        squares=squares,
        holes=holes,
    )


def _square_id(image: EpuImage) -> int:
    """EPU sorts its pictures into folders named after the square; 0 when this one is not."""
    for part in reversed(image.metadata_path.parts):
        name, _, number = part.partition("_")
        if name == "GridSquare" and number.isdecimal():
            return int(number)
    return 0


def _atlas_to_stage(atlas: EpuAtlas) -> Affine:
    """The map EPU used, from the pixel and stage positions of its squares, in JPEG pixels."""
    if atlas.picture is None or len(atlas.squares) < 3:
        raise BadFile(
            f"The atlas {atlas.name} lists {len(atlas.squares)} squares; at least three are needed "
            "to know how its pixels lie on the stage."
        )
    _, width = read_image(atlas.picture).pixels.shape
    scale = atlas.picture_scale(width)
    pixels = np.array([[scale * s.x_px, scale * s.y_px, 1.0] for s in atlas.squares])
    stage = np.array([[s.stage.x_um, s.stage.y_um] for s in atlas.squares])
    (a, b, tx), (c, d, ty) = np.linalg.lstsq(pixels, stage, rcond=None)[0].T
    return Affine(float(a), float(b), float(tx), float(c), float(d), float(ty))


def _picture(title: str, slug: str, image: EpuImage, atlas_to_stage: Affine) -> Picture:
    """A single picture, turned as the atlas is: EPU states its pixel size, not its rotation."""
    if image.picture is None or image.width_px is None:
        raise BadFile(f"{image.metadata_path.name} has no JPEG beside it; export it again.")
    height, width = read_image(image.picture).pixels.shape
    pixel_um = 1e-4 * image.pixel_size_angstrom * image.width_px / width
    grow = pixel_um / atlas_to_stage.pixel_size_um()
    a, b, c, d = (
        grow * value
        for value in (atlas_to_stage.a, atlas_to_stage.b, atlas_to_stage.c, atlas_to_stage.d)
    )
    x, y = (width - 1) / 2, (height - 1) / 2
    to_stage = Affine(
        a, b, image.stage.x_um - a * x - b * y, c, d, image.stage.y_um - c * x - d * y
    )
    return _store(title, slug, image.kind.value, image.picture, to_stage)


def _store(title: str, slug: str, kind: str, picture: Path, to_stage: Affine) -> Picture:
    height, width = read_image(picture).pixels.shape
    name = f"{safe_part(picture.stem)}{PurePosixPath(picture.name).suffix}"
    stored = current_store().copy_in(object_key(title, slug, kind, name), picture)
    return Picture(
        key=stored.key,
        sha256=stored.sha256,
        size_bytes=stored.bytes,
        width_px=width,
        height_px=height,
        to_stage=to_stage,
    )
