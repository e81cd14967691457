"""Two groups that must never see each other's data, with one of everything each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import Group as PeopleGroup
from django.contrib.auth.models import User
from django.db import transaction

from smartscope.domain.actor import BRIDGE
from smartscope.models import (
    Atlas,
    Changeset,
    Command,
    Detector,
    Exposure,
    Grid,
    Group,
    Hole,
    Image,
    Membership,
    Microscope,
    MicroscopeGrant,
    Role,
    Run,
    Session,
    Square,
    Step,
    Wait,
)
from smartscope.operations.event_log import Scope, Told, record_event

SQUARES, HOLES = 3, 6


@dataclass(frozen=True, slots=True)
class Scene:
    """One group's session with everything below it."""

    people: PeopleGroup
    session: Session
    grid: Grid
    atlas: Atlas
    squares: list[Square]
    holes: list[Hole]
    group: Group
    exposure: Exposure
    image: Image
    run: Run
    changeset: Changeset
    command: Command
    event: Any


@dataclass(frozen=True, slots=True)
class World:
    """One microscope, two groups, and people of every kind; `ours` is the group of most tests."""

    microscope: Microscope
    detector: Detector
    ours: Scene
    theirs: Scene
    people: dict[str, User]


@transaction.atomic
def make_world() -> World:
    """The rows; call it inside a database test."""
    microscope = Microscope.objects.create(
        name="titan",
        state="idle",
        state_reason="waiting for ours",
        loader_slots=12,
        clock_s=5_000.0,
    )
    detector = Detector.objects.create(
        microscope=microscope,
        number=1,
        name="camera",
        model="K3",
        width_px=5760,
        height_px=4092,
        physical_pixel_um=5.0,
    )
    ours = make_scene("ours", microscope, detector, live=True)
    theirs = make_scene("theirs", microscope, detector)
    return World(microscope, detector, ours, theirs, _people(microscope, ours, theirs))


def _people(microscope: Microscope, ours: Scene, theirs: Scene) -> dict[str, User]:
    people = {
        name: User.objects.create_user(name, password="a long enough sentence")
        for name in ("viewer", "member", "granted", "lead", "operator", "stranger", "nobody")
    }
    people["staff"] = User.objects.create_user("staff", is_staff=True)
    people["admin"] = User.objects.create_user("admin", is_superuser=True)
    for name, role in (
        ("viewer", Role.VIEWER),
        ("member", Role.MEMBER),
        ("granted", Role.MEMBER),
        ("lead", Role.LEAD),
    ):
        Membership.objects.create(user=people[name], group=ours.people, role=role)
    Membership.objects.create(user=people["stranger"], group=theirs.people, role=Role.LEAD)
    for name in ("granted", "operator"):
        MicroscopeGrant.objects.create(
            user=people[name], microscope=microscope, operator=name == "operator"
        )
    return people


def make_scene(
    name: str, microscope: Microscope, detector: Detector, *, live: bool = False
) -> Scene:
    """A session `name` of a group `name` on its first grid, half way through a square."""
    people = PeopleGroup.objects.create(name=name)
    session = Session.objects.create(
        name=f"20261121_{name}",
        date=date(2026, 11, 21),
        group=people,
        microscope=microscope,
        detector=detector,
    )
    grid = Grid.objects.create(
        session=session,
        slug="g01",
        position=1,
        name=f"grid of {name}",
        status="working",
        started_at_s=1_000.0,
        expected_usable_holes=120.0,
    )
    Grid.objects.create(session=session, slug="g02", position=2, name="second")
    run = Run.objects.create(
        session=session,
        microscope=microscope,
        state="running" if live else "done",
        started_at_s=1_000.0,
        ended_at_s=None if live else 4_000.0,
    )
    Step.objects.create(
        run=run,
        microscope=microscope,
        number=1,
        key="atlas/x/1",
        kind="atlas",
        grid=grid,
        epoch=1,
        state="done",
        began_at_s=1_000.0,
        ended_at_s=1_300.0,
    )
    Wait.objects.create(
        run=run, cause="analysis", reason="atlas", began_at_s=1_300.0, ended_at_s=1_310.0
    )
    image = _image(grid, f"{name}/atlas")
    atlas = Atlas.objects.create(grid=grid, tiles_image=image, image=image)
    squares = [_square(grid, number, image) for number in range(1, SQUARES + 1)]
    group = Group.objects.create(
        square=squares[0],
        number=1,
        slug="g01-s1-p1",
        status="queued",
        queue_position=1,
        stage_x_um=0.0,
        stage_y_um=0.0,
    )
    holes = [_hole(squares[0], number, group) for number in range(1, HOLES + 1)]
    exposure = Exposure.objects.create(
        hole=holes[0],
        slug="g01-s1-h1-x1",
        status="analysed",
        pixel_size_angstrom=0.5,
        dose_e_per_angstrom2=40.0,
        exposed_at_s=2_000.0,
        ctf_fit_angstrom=4.1,
        movie=image,
    )
    changeset = Changeset.objects.create(session=session, summary="labels")
    command = Command.objects.create(
        microscope=microscope, type="start", arguments={"session": str(session.pk)}, state="done"
    )
    event = record_event(
        "exposure.analysed",
        BRIDGE,
        Scope(microscope.pk, session.pk, grid.pk),
        Told(subjects=[exposure.pk], after={"of": name}),
    )
    return Scene(
        people=people,
        session=session,
        grid=grid,
        atlas=atlas,
        squares=squares,
        holes=holes,
        group=group,
        exposure=exposure,
        image=image,
        run=run,
        changeset=changeset,
        command=command,
        event=event,
    )


def _image(grid: Grid, key: str) -> Image:
    return Image.objects.create(
        grid=grid,
        kind="atlas",
        key=key,
        sha256="0" * 64,
        bytes=10,
        width_px=1_000,
        height_px=1_000,
        pixel_size_angstrom=1_000.0,
        taken_at_s=1_200.0,
    )


def _square(grid: Grid, number: int, image: Image) -> Square:
    first = number == 1
    return Square.objects.create(
        grid=grid,
        number=number,
        slug=f"g01-s{number}",
        status="analysed" if first else "found",
        stage_x_um=float(number),
        stage_y_um=0.0,
        x_px=100.0 * number,
        y_px=50.0,
        outline_px=[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]],
        image=image if first else None,
        picture=image if first else None,
        model_label="good",
    )


def _hole(square: Square, number: int, group: Group) -> Hole:
    """The first is exposed, two more wait in its group, the rest are merely found."""
    status = "analysed" if number == 1 else "queued" if number <= 3 else "found"
    return Hole.objects.create(
        square=square,
        number=number,
        slug=f"g01-s1-h{number}",
        status=status,
        group=group if number <= 3 else None,
        group_role="centre" if number == 1 else "member" if number <= 3 else "",
        stage_x_um=float(number),
        stage_y_um=1.0,
        x_px=10.0 * number,
        y_px=20.0,
        radius_um=0.6,
        ice_thickness_nm=None if number == HOLES else 10.0 * number,
    )
