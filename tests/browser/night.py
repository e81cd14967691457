"""A night as rows and files: one microscope, four grids, squares, holes, exposures and their log.

Written through models, as a night would have left them; what the tests click goes through the API.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.contrib.auth.models import Group as PeopleGroup
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import ANALYSIS, BRIDGE, Actor
from smartscope.models import (
    Atlas,
    Detector,
    Exposure,
    Grid,
    Group,
    Hole,
    Image,
    Membership,
    Microscope,
    MicroscopeGrant,
    Run,
    Session,
    Square,
)
from smartscope.operations.event_log import Scope, Told, record_event
from tests.browser import pictures
from tests.browser.journal import plant_journal
from tests.browser.stored import Picture, micrographs, stored
from tests.browser.views import plant_views

ATLAS_PIXEL_UM = 0.52
SQUARE_PIXEL_UM = 0.06
CLOCK_S = 1_795_000_000.0
STATUSES = ("done", "working", "waiting", "waiting")
CLASSES = ("good", "small", "contaminated", "cracked", "partial", "dry")


@dataclass(frozen=True, slots=True)
class Night:
    session: str
    grids: tuple[str, ...]
    #: the grid and the square that are being worked on
    working_grid: str
    working_square: str


def plant_night(*, name: str = "20261120_ribosome", seed: int = 7) -> Night:
    """The rows; `operator`, `second` and `viewer` sign in with `a long enough password`."""
    random = np.random.default_rng(seed)
    microscope, detector = _microscope()
    group = _people(microscope)
    session = Session.objects.create(
        name=name,
        date=timezone.now().date(),
        group=group,
        microscope=microscope,
        detector=detector,
        squares_per_grid=8,
        holes_per_square=12,
        image_shift_radius_um=6.0,
    )
    run = Run.objects.create(
        session=session, microscope=microscope, state="running", started_at_s=CLOCK_S - 20_000
    )
    samples = ("ribosome, 2 s blot", "ribosome, 3 s blot", "ribosome, 4 s blot", "ribosome, DDM")
    grids = [
        Grid.objects.create(
            session=session,
            slug=f"g{n:02}",
            position=n,
            name=f"rib-{n}",
            sample=sample,
            status=status,
            squares_per_grid=8,
            holes_per_square=12,
            image_shift_radius_um=6.0,
            started_at_s=CLOCK_S - 22_000 + 9_000 * n if status != "waiting" else None,
            ended_at_s=CLOCK_S - 5_000 if status == "done" else None,
        )
        for n, (sample, status) in enumerate(zip(samples, STATUSES, strict=True), start=1)
    ]
    for grid in grids[:2]:
        _grid(grid, random)
    plant_views(grids[:2])
    _judge(grids)
    _log(session, run, grids)
    plant_journal(run, grids, CLOCK_S)
    square = grids[1].squares.filter(status="imaging").first() or grids[1].squares.first()
    assert square is not None
    return Night(name, tuple(grid.slug for grid in grids), grids[1].slug, square.slug)


def as_planted(name: str) -> None:
    """Grids are as far, and judged, as in the beginning, whatever was edited since."""
    grids = list(Grid.objects.filter(session__name=name).order_by("position"))
    for grid, status in zip(grids, STATUSES, strict=True):
        grid.status, grid.verdict = status, ""
    _judge(grids)


def _microscope() -> tuple[Microscope, Detector]:
    now = timezone.now()
    microscope = Microscope.objects.create(
        name="Krios 1",
        location="B2.017",
        vendor="TFS",
        state="running",
        state_since=now,
        seen_at=now,
        clock_s=CLOCK_S,
        last_image_at=now - timedelta(seconds=41),
        loaded_position=2,
        stage_x_um=-213.44,
        stage_y_um=87.02,
        stage_z_um=-12.6,
        tilt_deg=0.0,
        valves_open=True,
        vacuum_ready=True,
        dewars_filling=False,
        next_filling_at_s=CLOCK_S + 5_400.0,
        stage_temperature_k=84.0,
        autoloader_temperature_k=88.0,
        driver_settings={"seed": 7},
    )
    detector = Detector.objects.create(
        microscope=microscope,
        number=1,
        name="K3",
        model="K3",
        width_px=5760,
        height_px=4092,
        physical_pixel_um=5.0,
        energy_filter=True,
    )
    return microscope, detector


def _people(microscope: Microscope) -> PeopleGroup:
    group = PeopleGroup.objects.create(name="Ribosome lab")
    for name, first, role in (
        ("operator", "Mira Ito", "member"),
        ("second", "Sam Ray", "member"),
        ("viewer", "Jo Lind", "viewer"),
    ):
        user = User.objects.create_user(name, password="a long enough password", first_name=first)
        Membership.objects.create(user=user, group=group, role=role)
        if role == "member":
            MicroscopeGrant.objects.create(user=user, microscope=microscope, operator=True)
    return group


def _grid(grid: Grid, random: np.random.Generator) -> None:
    angle = 12.0 + grid.position
    places = [
        at
        for at in pictures.lattice(160, angle, pictures.ATLAS_PX, 90)
        if np.hypot(at[0] - 768, at[1] - 768) < 700
    ]
    levels = [float(random.uniform(0.45, 0.95)) for _ in places]
    picture = stored(f"atlas-{grid.slug}", pictures.atlas(places, levels, 56, angle, grid.position))
    image = _image(grid, "atlas", picture, ATLAS_PIXEL_UM)
    Atlas.objects.create(grid=grid, tiles_image=image, image=image)
    likely = sorted(range(len(places)), key=lambda index: -levels[index])
    for number, (x, y) in enumerate(places, start=1):
        index = number - 1
        place = likely.index(index)
        label = "good" if place < 26 else CLASSES[int(random.integers(1, 6))]
        status = _square_status(grid, place, label)
        square = Square.objects.create(
            grid=grid,
            number=number,
            slug=f"{grid.slug}-s{number:02}",
            status=status,
            x_px=x,
            y_px=y,
            reason="" if status != "rejected" else "label",
            outline_px=pictures.outline(x, y, 56, angle),
            area_um2=3391.0,
            stage_x_um=(x - 768) * ATLAS_PIXEL_UM,
            stage_y_um=(768 - y) * ATLAS_PIXEL_UM,
            model_label=label,
            probability=float(random.uniform(0.62, 0.99)),
            score=levels[index],
            queue_position=place + 1 if status == "queued" else None,
        )
        if status in ("done", "analysed", "imaging"):
            _square(square, random)
    if grid.position == 2:
        _external(grid, places[:9], angle)


def _square_status(grid: Grid, place: int, label: str) -> str:
    if label != "good":
        return "rejected"
    if grid.position == 1:
        return "done" if place < 4 else "found"
    first = ("done", "analysed", "imaging", "queued", "queued", "queued")
    return first[place] if place < len(first) else "found"


def _external(grid: Grid, places: list[tuple[float, float]], angle: float) -> None:
    """Squares another program found on the same atlas."""
    for number, (x, y) in enumerate(places, start=901):
        Square.objects.create(
            grid=grid,
            number=number,
            slug=f"{grid.slug}-e{number}",
            x_px=x + 9,
            y_px=y - 7,
            outline_px=pictures.outline(x + 9, y - 7, 60, angle),
            stage_x_um=0.0,
            stage_y_um=0.0,
            model_label="good" if number % 3 else "",
            external=True,
        )


def _square(square: Square, random: np.random.Generator) -> None:
    radius_px, pitch_px = 10.0, 2.5 / SQUARE_PIXEL_UM
    places = pictures.lattice(pitch_px, 6, pictures.SQUARE_PX, 95)
    picture = stored("square", pictures.square(places, radius_px, 1))
    square.image = _image(square.grid, "square", picture, SQUARE_PIXEL_UM, square.slug)
    if square.status == "imaging":
        square.save(update_fields=["image"])
        return
    half_um = pictures.SQUARE_PX / 2 * SQUARE_PIXEL_UM
    square.image.pixel_to_stage = [
        *(SQUARE_PIXEL_UM, 0.0, square.stage_x_um - half_um),
        *(0.0, -SQUARE_PIXEL_UM, square.stage_y_um + half_um),
    ]
    square.image.save(update_fields=["pixel_to_stage"])
    square.picture = square.image
    square.save(update_fields=["image", "picture"])
    ice = np.clip(random.normal(38, 22, len(places)), 4, 160)
    groups: dict[tuple[int, int], Group] = {}
    holes: list[Hole] = []
    exposed: list[Hole] = []
    for number, ((x, y), thickness) in enumerate(zip(places, ice, strict=True), start=1):
        cell = (int(x // 170), int(y // 170))
        in_range = 10 <= thickness <= 100
        if in_range and cell not in groups:
            groups[cell] = Group.objects.create(
                square=square,
                number=len(groups) + 1,
                slug=f"{square.slug}-c{len(groups) + 1:02}",
                status="queued",
                stage_x_um=square.stage_x_um + (x - 512) * SQUARE_PIXEL_UM,
                stage_y_um=square.stage_y_um,
                longest_shift_um=5.6,
                defocus_um=1.0 + 0.25 * (len(groups) % 5),
            )
            role = "centre"
        else:
            role = "member"
        group = groups.get(cell) if in_range else None
        label = "good" if in_range else "thick" if thickness > 100 else "empty"
        taken = group is not None and group.number <= (6 if square.status == "done" else 2)
        hole = Hole(
            square=square,
            number=number,
            slug=f"{square.slug}-h{number:03}",
            x_px=x,
            y_px=y,
            stage_x_um=square.stage_x_um + (x - 512) * SQUARE_PIXEL_UM,
            stage_y_um=square.stage_y_um + (512 - y) * SQUARE_PIXEL_UM,
            status="analysed" if taken else "queued" if group else "rejected",
            reason="" if group else "ice_out_of_range",
            radius_um=0.6,
            group=group,
            group_role=role if group else "",
            model_label=label,
            ice_thickness_nm=float(thickness),
            ice_thickness_error_nm=4.0,
            intensity=float(np.exp(-thickness / 395)),
        )
        holes.append(hole)
        if taken and number % 3 == 0:
            exposed.append(hole)
    Hole.objects.bulk_create(holes)
    for hole in exposed:
        _exposure(hole, random)


def _exposure(hole: Hole, random: np.random.Generator) -> None:
    count = Exposure.objects.count()
    measured = count % 7 != 6
    grid = hole.square.grid
    micrograph, spectrum, ctf = micrographs()[count % 3]
    # On the first grid rings were sought: found in two of three, refused in the third.
    sought = measured and grid.position == 1
    fit = ctf if sought and count % 3 != 2 else None
    total = _image(grid, "sum", micrograph, 0.83e-4, f"{hole.slug}-sum")
    rings = _image(grid, "power_spectrum", spectrum, 1e-4, f"{hole.slug}-spectrum")
    Exposure.objects.create(
        hole=hole,
        slug=f"{hole.slug}-x1",
        sum_image=total if measured else None,
        spectrum_image=rings if measured else None,
        status="analysed" if measured else "transferred",
        movie_name=f"{hole.slug}.tif",
        frames=40,
        pixel_size_angstrom=0.83,
        dose_e_per_angstrom2=40.2,
        target_defocus_um=1.25,
        exposed_at_s=CLOCK_S - 9_000 + 31 * count,
        analysed_at=timezone.now() + timedelta(seconds=3 + count % 5) if measured else None,
        drift_total_angstrom=float(random.uniform(2, 14)) if measured else None,
        mean_counts=14.2 if measured else None,
        ice_thickness_nm=hole.ice_thickness_nm if measured else None,
        defocus_um=None if fit is None else 1e-4 * fit.defocus_angstrom,
        defocus_error_um=None if fit is None else 1e-4 * fit.defocus_error_angstrom,
        astigmatism_nm=None if fit is None else 0.1 * fit.astigmatism_angstrom,
        astigmatism_axis_deg=None if fit is None else fit.axis_deg,
        ctf_fit_angstrom=None if fit is None else fit.fit_angstrom,
        ctf_refusal="No Thon rings stand out of the noise." if sought and fit is None else "",
    )


def _image(grid: Grid, kind: str, picture: Picture, pixel_um: float, name: str = "") -> Image:
    """A row whose preview and tiles exist; the raw file itself is never asked for by the page."""
    return Image.objects.create(
        grid=grid,
        kind=kind,
        key=f"{grid.session.name}/{grid.slug}/{kind}/{name or grid.slug}.mrc",
        sha256="0" * 64,
        bytes=1,
        width_px=picture.width_px,
        height_px=picture.height_px,
        pixel_size_angstrom=pixel_um * 1e4,
        taken_at_s=CLOCK_S,
        preview_key=f"{picture.key}.jpg",
        tiles_key=f"{picture.key}.zip",
    )


def _judge(grids: list[Grid]) -> None:
    for grid, (usable, rate, verdict, reasons) in zip(
        grids,
        (
            (
                1480.0,
                0.83,
                "collect",
                ["1,783 holes in the ice range", "20 of 24 exposures usable"],
            ),
            (610.0, 0.61, "re-screen", ["thick ice in two thirds of the squares"]),
        ),
        strict=False,
    ):
        grid.holes_in_range, grid.success_rate = round(usable / rate), rate
        grid.expected_usable_holes, grid.suggested_verdict = usable, verdict
        grid.verdict_reasons, grid.confidence = reasons, 0.8
        grid.save()


def _log(session: Session, run: Run, grids: list[Grid]) -> None:
    person = Actor("user", "operator", User.objects.get(username="operator").pk)
    scope = Scope(session.microscope_id, session.pk)
    on_grid = Scope(session.microscope_id, session.pk, grids[1].pk)
    with transaction.atomic():
        record_event("session.created", person, scope, Told(subjects=[session.pk]))
        record_event("command.wished", person, scope, Told(after={"type": "start"}, reason="start"))
        record_event(
            "run.changed", BRIDGE, scope, Told(subjects=[run.pk], after={"state": "running"})
        )
        record_event("grid.loaded", BRIDGE, on_grid, Told(subjects=[grids[1].pk]))
        record_event("atlas.imaged", BRIDGE, on_grid, Told())
        record_event("atlas.analysed", ANALYSIS, on_grid, Told())
        for exposure in Exposure.objects.filter(hole__square__grid=grids[1])[:12]:
            record_event("exposure.taken", BRIDGE, on_grid, Told(subjects=[exposure.pk]))
            record_event("exposure.analysed", ANALYSIS, on_grid, Told(subjects=[exposure.pk]))
