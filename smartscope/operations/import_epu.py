"""Register what EPU took as a session of its own: looked at, searched by our finders, never driven.

EPU's squares stay as it found them, marked external, beside what our finders say of the same atlas.
Its pictures are JPEGs with stretched contrast: nothing is measured from their intensities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.auth.models import Group as PeopleGroup
from django.db import transaction

from smartscope.analysis.io.epu_values import EpuAtlas, EpuImage
from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict
from smartscope.domain.geometry import Affine
from smartscope.domain.status import GridStatus, TargetStatus
from smartscope.models import (
    Analysis,
    Atlas,
    Detector,
    Exposure,
    Grid,
    Hole,
    Image,
    ImageKind,
    Microscope,
    Session,
    Square,
)
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.hint_analysis import hint_analysis
from smartscope.operations.journal_values import WantedAnalysis, wanted_on

T = TargetStatus
#: how EPU numbers the categories of its squares is its own affair; the number is kept
CATEGORY = "epu_category"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A JPEG already in the store, and where its pixels lie on the stage."""

    key: str
    sha256: str
    size_bytes: int
    width_px: int
    height_px: int
    to_stage: Affine


@dataclass(frozen=True, slots=True, kw_only=True)
class EpuGrid:
    """One sample: its atlas and the pictures taken on it, by path of their metadata."""

    position: int
    name: str
    atlas: EpuAtlas
    picture: Picture
    squares: Sequence[tuple[int, EpuImage, Picture]] = ()
    holes: Sequence[tuple[int, EpuImage, Picture]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EpuImport:
    """Everything to register under one name."""

    name: str
    group: str
    voltage_kv: int
    camera: str
    hole_diameter_um: float | None
    hole_type: str
    mesh: str
    taken_at_s: float
    grids: Sequence[EpuGrid]


@transaction.atomic
def import_epu(
    actor: Actor, wanted: Mapping[str, Sequence[WantedAnalysis]], found: EpuImport
) -> Session:
    """The new session; `wanted` are the analyses each kind of image calls for.

    Raises Conflict when a session of that name exists.
    """
    if Session.objects.filter(name=found.name).exists():
        raise Conflict(
            f"A session {found.name} exists already; import it under another --name.",
            code="name_taken",
        )
    session = _session(found)
    for described in found.grids:
        _grid(session, found, described, wanted)
    record_event(
        "session.imported",
        actor,
        Scope(session.microscope_id, session.pk),
        Told(subjects=[session.pk], after={"grids": len(found.grids)}, reason="from EPU"),
    )
    return session


def _session(found: EpuImport) -> Session:
    microscope, _ = Microscope.objects.get_or_create(
        name=f"EPU import ({found.camera})",
        defaults={
            "vendor": "TFS",
            "voltage_kv": found.voltage_kv,
            "driver_kind": "none",
            "simulated": False,
            "state_reason": "known from imported files only",
        },
    )
    detector, _ = Detector.objects.get_or_create(
        microscope=microscope,
        number=1,
        defaults={
            "name": found.camera,
            "model": found.camera,
            "width_px": 5760,
            "height_px": 4092,
            "physical_pixel_um": 5.0,
        },
    )
    group, _ = PeopleGroup.objects.get_or_create(name=found.group)
    return Session.objects.create(
        name=found.name,
        date=datetime.fromtimestamp(found.taken_at_s, UTC).date(),
        group=group,
        microscope=microscope,
        detector=detector,
        simulated=False,
        imported=True,
    )


def _grid(
    session: Session,
    found: EpuImport,
    described: EpuGrid,
    wanted: Mapping[str, Sequence[WantedAnalysis]],
) -> None:
    grid = Grid.objects.create(
        session=session,
        slug=f"g{described.position:02d}",
        position=described.position,
        name=described.name,
        hole_type=found.hole_type,
        mesh=found.mesh,
        status=GridStatus.WORKING,
        status_reason="imported",
    )
    tiles = _image(grid, ImageKind.ATLAS_TILES, described.picture, described.atlas.image, found)
    Atlas.objects.create(grid=grid, tiles_image=tiles, image=tiles)
    scale = described.picture.width_px / described.atlas.width_px
    squares = _squares(grid, described, scale)
    for epu_id, image, picture in described.squares:
        _square_view(grid, squares[epu_id], image, picture, found, wanted)
    for epu_id, image, picture in described.holes:
        _hole_view(grid, squares[epu_id], image, picture, found, wanted)
    _want(tiles, wanted)


def _squares(grid: Grid, described: EpuGrid, scale: float) -> dict[int, Square]:
    """EPU's squares, by EPU's ids; positions in pixels of the JPEG."""
    rows = {}
    for number, epu in enumerate(described.atlas.squares, start=1):
        half_x, half_y = scale * epu.width_px / 2, scale * epu.height_px / 2
        x, y = scale * epu.x_px, scale * epu.y_px
        corners = ((-half_x, -half_y), (half_x, -half_y), (half_x, half_y), (-half_x, half_y))
        rows[epu.id] = Square(
            grid=grid,
            number=number,
            slug=f"{grid.slug}-s{number:02d}",
            external=True,
            stage_x_um=epu.stage.x_um,
            stage_y_um=epu.stage.y_um,
            x_px=x,
            y_px=y,
            outline_px=[[round(x + dx, 1), round(y + dy, 1)] for dx, dy in corners],
            score=epu.quality,
            diagnostics={"epu_id": epu.id, CATEGORY: epu.category},
        )
    Square.objects.bulk_create(rows.values())
    return rows


def _square_view(
    grid: Grid,
    square: Square,
    image: EpuImage,
    picture: Picture,
    found: EpuImport,
    wanted: Mapping[str, Sequence[WantedAnalysis]],
) -> None:
    square.image = _image(grid, ImageKind.SQUARE, picture, image, found)
    square.status = T.IMAGED
    square.stage_z_um = image.stage_z_um
    square.save(update_fields=["image", "status", "stage_z_um", "updated_at"])
    _want(square.image, wanted)


def _hole_view(
    grid: Grid,
    square: Square,
    image: EpuImage,
    picture: Picture,
    found: EpuImport,
    wanted: Mapping[str, Sequence[WantedAnalysis]],
) -> None:
    """A foil hole EPU visited; with an exposure when it was exposed."""
    exposed = image.kind.value == "exposure"
    kind = ImageKind.SUM if exposed else ImageKind.HOLE
    shown = _image(grid, kind, picture, image, found)
    number = Hole.objects.filter(square=square).count() + 1
    x_px, y_px = (0.0, 0.0)
    if square.image is not None and isinstance(square.image.pixel_to_stage, list):
        x_px, y_px = Affine(*square.image.pixel_to_stage).to_pixel(image.stage)
    hole = Hole.objects.create(
        square=square,
        number=number,
        slug=f"{square.slug}-h{number:03d}",
        status=T.DONE,
        stage_x_um=image.stage.x_um,
        stage_y_um=image.stage.y_um,
        stage_z_um=image.stage_z_um,
        x_px=x_px,
        y_px=y_px,
        radius_um=(found.hole_diameter_um or 1.2) / 2,
    )
    if exposed:
        Exposure.objects.create(
            hole=hole,
            slug=f"{hole.slug}-e1",
            sum_image=shown,
            movie_name=image.metadata_path.stem,
            pixel_size_angstrom=image.pixel_size_angstrom,
            dose_e_per_angstrom2=image.dose_e_per_a2 or 0.0,
            target_defocus_um=image.defocus_um,
            exposed_at_s=image.acquired_at_s,
        )
    _want(shown, wanted)


def _image(
    grid: Grid, kind: ImageKind, picture: Picture, epu: EpuImage | None, found: EpuImport
) -> Image:
    return Image.objects.create(
        grid=grid,
        kind=kind,
        key=picture.key,
        sha256=picture.sha256,
        bytes=picture.size_bytes,
        width_px=picture.width_px,
        height_px=picture.height_px,
        pixel_size_angstrom=1e4 * picture.to_stage.pixel_size_um(),
        pixel_to_stage=picture.to_stage.as_list(),
        stage_x_um=None if epu is None else epu.stage.x_um,
        stage_y_um=None if epu is None else epu.stage.y_um,
        stage_z_um=None if epu is None else epu.stage_z_um,
        defocus_um=None if epu is None else epu.defocus_um,
        dose_e_per_angstrom2=0.0 if epu is None else epu.dose_e_per_a2 or 0.0,
        taken_at_s=found.taken_at_s if epu is None else epu.acquired_at_s,
        display_only=True,
    )


def _want(image: Image, wanted: Mapping[str, Sequence[WantedAnalysis]]) -> None:
    for each in wanted_on(wanted.get(image.kind, ()), image.grid.hole_type):
        analysis = Analysis.objects.create(
            image=image,
            kind=each.kind,
            plugin=each.plugin,
            plugin_version=each.plugin_version,
            visible_at_s=image.taken_at_s,
        )
        hint_analysis(analysis)
