"""The demonstration: a simulated microscope, grids of known quality, somebody to look at it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group as PeopleGroup
from django.contrib.auth.models import User
from django.db import transaction

from smartscope.domain.actor import SETUP, Actor
from smartscope.domain.errors import Conflict
from smartscope.domain.protocol import GridDescription
from smartscope.models import Membership, MicroscopeGrant, Role, Session
from smartscope.operations.create_session import NewGrid, NewSession, create_session
from smartscope.operations.setup_microscope import (
    Camera,
    MicroscopeDescription,
    setup_microscope,
)
from smartscope.operations.wish_command import wish_command

MICROSCOPE = "Simulated microscope"
LOADER_SLOTS = 12
GROUP = "demo"
PERSON = "demo"
#: the simulated camera through vacuum: quantum efficiency 0.83, 15 % of the electrons lost to
#: coincidence at the rates of maps, 16 counts for each that is seen
COUNTS_PER_ELECTRON = 0.83 * 0.85 * 16.0


@transaction.atomic
def demo_night(
    *,
    qualities: Mapping[int, str],
    seed: int,
    driver_settings: Mapping[str, Any],
    today: datetime,
) -> Session:
    """The demo's session, started; made when it is not there, gone on with when it is.

    `qualities` says what the grid in each slot is like, `driver_settings` where its simulator
    listens: those may change from start to start, the grids are the session's for good. Raises
    Conflict for a session whose microscope cannot be reached so.
    """
    session = Session.objects.filter(microscope__name=MICROSCOPE).order_by("created_at").first()
    if session is not None:
        _reach(session, driver_settings)
        return session
    microscope, detector = setup_microscope(
        SETUP,
        MicroscopeDescription(
            name=MICROSCOPE,
            vendor="simulated",
            location="this machine",
            voltage_kv=300,
            spherical_aberration_mm=2.7,
            loader_slots=LOADER_SLOTS,
            driver_kind="serialem",
            driver_settings=driver_settings,
            simulated=True,
            camera=Camera(
                name="mini",
                model="mini",
                width_px=1024,
                height_px=1024,
                physical_pixel_um=5.0,
                counts_per_electron=COUNTS_PER_ELECTRON,
            ),
        ),
    )
    person, actor = _person()
    MicroscopeGrant.objects.get_or_create(user=person, microscope=microscope)
    session = create_session(
        actor,
        NewSession(
            name=f"{today:%Y%m%d}_demo",
            date=today.date(),
            group=GROUP,
            microscope=microscope.pk,
            detector=detector.pk,
            grids=[_grid(slot, quality) for slot, quality in sorted(qualities.items())],
            notes=f"A simulated night: cassette of {len(qualities)} grids, seed {seed}.",
        ),
    )
    wish_command(actor, microscope.pk, "start", {"session": session.pk})
    return session


def _grid(slot: int, quality: str) -> NewGrid:
    return NewGrid(
        described=GridDescription(name=f"{quality}-{slot}", position=slot),
        sample="simulated proteasome",
    )


def _person() -> tuple[User, Actor]:
    """Whoever opens the login link: a lead of the demo's group, without a password."""
    group, _ = PeopleGroup.objects.get_or_create(name=GROUP)
    person, created = User.objects.get_or_create(username=PERSON)
    if created:
        person.set_unusable_password()
        person.save(update_fields=["password"])
    Membership.objects.get_or_create(user=person, group=group, defaults={"role": Role.LEAD})
    return person, Actor("user", person.get_username(), person.pk)


def _reach(session: Session, driver_settings: Mapping[str, Any]) -> None:
    microscope = session.microscope
    if microscope.driver_kind != "serialem":
        raise Conflict(
            "this night was begun by an older version, whose microscope lived in the bridge. "
            'Begin another one: make demo ARGS="--fresh"'
        )
    microscope.driver_settings = dict(driver_settings)
    microscope.save(update_fields=["driver_settings", "updated_at"])
