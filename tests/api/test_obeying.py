"""What becomes of a wish is told where it was made, whatever else happened on the microscope."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from smartscope.models import Command, Event, Lease, LeaseState, Run
from smartscope.operations.lease.held import Held
from smartscope.operations.obey_commands import obey_commands
from tests.api.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    return make_world()


def held(world: World) -> Held:
    """A bridge that holds the microscope."""
    holding = Held(world.microscope.pk, 3, uuid4())
    Lease.objects.create(
        microscope=world.microscope,
        epoch=3,
        holder=holding.holder,
        state=LeaseState.HELD,
        expires_at=timezone.now() + timedelta(minutes=5),
    )
    return holding


def wished(world: World, session: object, kind: str) -> Command:
    return Command.objects.create(
        microscope=world.microscope,
        type=kind,
        arguments={"session": str(session)},
        state="wished",
    )


def test_a_wish_is_answered_by_its_own_sessions_run_and_told_there(world: World) -> None:
    Run.objects.filter(pk=world.ours.run.pk).update(state="paused")
    mine = wished(world, world.ours.session.pk, "pause")
    theirs = wished(world, world.theirs.session.pk, "stop")
    obey_commands(held(world))
    for command, session in ((mine, world.ours.session), (theirs, world.theirs.session)):
        command.refresh_from_db()
        event = Event.objects.get(kind="command.done", subjects=[str(command.pk)])
        assert (command.state, event.session) == ("done", session.pk)


def test_a_wish_for_a_session_that_never_ran_is_refused(world: World) -> None:
    Run.objects.filter(pk=world.theirs.run.pk).update(session=world.ours.session)
    command = wished(world, world.theirs.session.pk, "resume")
    obey_commands(held(world))
    command.refresh_from_db()
    assert (command.state, Event.objects.get(kind="command.refused").session) == (
        "refused",
        world.theirs.session.pk,
    )
