"""A session half way through: an atlas just taken, and findings as an analysis would give them."""

from __future__ import annotations

from datetime import date

import numpy as np
from django.contrib.auth.models import Group as PeopleGroup

from smartscope.analysis.base import Image as AnalysisImage
from smartscope.analysis.base import Level
from smartscope.analysis.findings import (
    HoleFindings,
    HoleTarget,
    PluginUse,
    SquareFindings,
    SquareTarget,
)
from smartscope.domain.geometry import Affine, Point
from smartscope.models import (
    Analysis,
    Atlas,
    Detector,
    Grid,
    Image,
    ImageKind,
    Microscope,
    Session,
    Square,
)
from smartscope.operations.derived_image import Derived

PLUGIN = PluginUse("hand-made", "1", 4.0)
FLAT = Affine(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def grid_with_atlas(**parameters: object) -> Grid:
    """A grid whose atlas was just taken; its analysis is wanted. Parameters are the grid's."""
    microscope = Microscope.objects.create(name="titan")
    detector = Detector.objects.create(
        microscope=microscope,
        number=1,
        name="camera",
        model="mini",
        width_px=1024,
        height_px=1024,
        physical_pixel_um=5.0,
    )
    session = Session.objects.create(
        name="20261121_night",
        date=date(2026, 11, 21),
        group=PeopleGroup.objects.create(name="ours"),
        microscope=microscope,
        detector=detector,
    )
    grid = Grid.objects.create(
        session=session, slug="g01", position=1, name="one", status="atlas", **parameters
    )
    tiles = image_of(grid, ImageKind.ATLAS_TILES, at_s=100.0)
    Atlas.objects.create(grid=grid, tiles_image=tiles)
    wanted(tiles, "find_squares")
    return grid


def image_of(grid: Grid, kind: ImageKind, *, at_s: float, name: str = "") -> Image:
    """An image row whose file nobody reads."""
    return Image.objects.create(
        grid=grid,
        kind=kind,
        key=f"night/g01/{kind}/{name or at_s}_x_e1.mrc",
        sha256="0" * 64,
        bytes=1,
        width_px=100,
        height_px=100,
        pixel_size_angstrom=10.0,
        pixel_to_stage=FLAT.as_list(),
        taken_at_s=at_s,
    )


def wanted(image: Image, kind: str, *, plugin: str = "hand-made") -> Analysis:
    """The row a bridge writes with the image."""
    return Analysis.objects.create(
        image=image,
        kind=kind,
        plugin=plugin,
        plugin_version="1",
        visible_at_s=image.taken_at_s + 4.0,
    )


def imaged(square: Square, *, at_s: float) -> Analysis:
    """Take the square's image; its analysis is wanted."""
    square.image = image_of(square.grid, ImageKind.SQUARE, at_s=at_s, name=square.slug)
    square.status = "imaged"
    square.save()
    return wanted(square.image, "find_holes")


def stitched() -> Derived:
    """A stitched atlas as a worker reports it."""
    return Derived(
        kind=ImageKind.ATLAS.value,
        key="night/g01/atlas/1_atlas_e1.mrc",
        sha256="0" * 64,
        size_bytes=1,
        width_px=100,
        height_px=100,
        pixel_size_angstrom=10.0,
        to_stage=FLAT,
    )


def squares(labels: str) -> SquareFindings:
    """Squares in a row, 100 µm apart, one per letter: g good, c cracked, s small."""
    names = {"g": "good", "c": "cracked", "s": "small"}
    pixels = np.zeros((4, 4), dtype=np.float32)
    return SquareFindings(
        pixels=pixels,
        to_stage=FLAT,
        image=AnalysisImage(pixels, Level.ATLAS, FLAT),
        squares=tuple(_square(n, names[letter]) for n, letter in enumerate(labels)),
        missing=(),
        finder=PLUGIN,
        needs_review=False,
        grid_empty=False,
        pitch_um=83.0,
        rotation_deg=0.0,
        expected_count=None,
        vacuum_intensity=100.0,
        diagnostics={},
    )


def _square(number: int, label: str) -> SquareTarget:
    x = 100.0 * number
    return SquareTarget(
        x_px=x,
        y_px=0.0,
        stage=Point(x, 0.0),
        box_px=(x - 29, -29.0, x + 29, 29.0),
        outline_px=((x - 29, -29.0), (x + 29, -29.0), (x + 29, 29.0), (x - 29, 29.0)),
        area_um2=3000.0,
        label=label,
        probabilities={label: 1.0},
        mean_intensity=80.0,
        relative_intensity=0.8,
        fill=0.9,
        score=0.9,
    )


def holes(*ice_nm: float | None, spacing_um: float = 2.5) -> HoleFindings:
    """Holes in a row with the given ice; None is ice that could not be measured."""
    return HoleFindings(
        holes=tuple(_hole(n * spacing_um, ice) for n, ice in enumerate(ice_nm)),
        finder=PLUGIN,
        needs_review=False,
        lattice_vectors_um=None,
        pitch_um=2.5,
        diameter_um=1.2,
        lattice_kind="square",
        vacuum_intensity=100.0,
        ice_reason=None,
        contaminated_fraction=0.0,
        diagnostics={},
    )


def _hole(x_um: float, ice_nm: float | None) -> HoleTarget:
    intensity = None if ice_nm is None else float(np.exp(-ice_nm / 300.0))
    return HoleTarget(
        x_px=x_um,
        y_px=0.0,
        stage=Point(x_um, 0.0),
        radius_um=0.6,
        origin="detected",
        label="hole",
        score=0.9,
        grey=100.0 * (intensity or 1.0),
        relative_intensity=intensity,
        ice_thickness_nm=ice_nm,
        ice_thickness_error_nm=None if ice_nm is None else 3.0,
        contaminant_fraction=0.0,
        off_lattice=False,
        lattice_index=None,
    )
