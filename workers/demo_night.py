"""The demonstration: a simulated microscope, grids of known quality, somebody to look at it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Group as PeopleGroup
from django.contrib.auth.models import User
from django.db import transaction

from smartscope.domain.actor import SETUP, Actor
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
GROUP = "demo"
PERSON = "demo"
#: the simulated camera through vacuum: quantum efficiency 0.83, 15 % of the electrons lost to
#: coincidence at the rates of maps, 16 counts for each that is seen
COUNTS_PER_ELECTRON = 0.83 * 0.85 * 16.0
#: what each slot holds, so that a newcomer can check the verdict; more grids begin again
QUALITIES = ("good", "thick", "contaminated", "damaged")


@transaction.atomic
def demo_night(*, grids: int, seed: int, speed: str, today: datetime) -> Session:
    """The demo's session, started; made when it is not there, left as it is when it is.

    Another speed is taken up when the bridge starts; grids and seed are the world's for good.
    """
    session = Session.objects.filter(microscope__name=MICROSCOPE).order_by("created_at").first()
    if session is not None:
        _change_speed(session, speed)
        return session
    microscope, detector = setup_microscope(
        SETUP,
        MicroscopeDescription(
            name=MICROSCOPE,
            vendor="simulated",
            location="this machine",
            voltage_kv=300,
            spherical_aberration_mm=2.7,
            loader_slots=12,
            driver_kind="simulator",
            driver_settings={
                "seed": seed,
                "clock": _clock(speed),
                "grids": {
                    str(slot): {"preset": _quality(slot), "grid_id": f"demo-{seed}-{slot}"}
                    for slot in range(1, grids + 1)
                },
            },
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
            grids=[_grid(slot) for slot in range(1, grids + 1)],
            notes=f"A simulated night: cassette of {grids} grids, seed {seed}.",
        ),
    )
    wish_command(actor, microscope.pk, "start", {"session": session.pk})
    return session


def _grid(slot: int) -> NewGrid:
    return NewGrid(
        described=GridDescription(name=f"{_quality(slot)}-{slot}", position=slot),
        sample="simulated proteasome",
    )


def _quality(slot: int) -> str:
    return QUALITIES[(slot - 1) % len(QUALITIES)]


def _clock(speed: str) -> str | float:
    return "instant" if speed == "instant" else float(speed)


def _person() -> tuple[User, Actor]:
    """Whoever opens the login link: a lead of the demo's group, without a password."""
    group, _ = PeopleGroup.objects.get_or_create(name=GROUP)
    person, created = User.objects.get_or_create(username=PERSON)
    if created:
        person.set_unusable_password()
        person.save(update_fields=["password"])
    Membership.objects.get_or_create(user=person, group=group, defaults={"role": Role.LEAD})
    return person, Actor("user", person.get_username(), person.pk)


def _change_speed(session: Session, speed: str) -> None:
    microscope = session.microscope
    microscope.driver_settings = {**microscope.driver_settings, "clock": _clock(speed)}
    microscope.save(update_fields=["driver_settings", "updated_at"])
