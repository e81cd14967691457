"""What the operator types: accounts, and the figures of a run."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from smartscope.models import Event, Membership, MicroscopeGrant
from tests.api.conftest import As
from tests.api.world import World


def test_a_person_is_made_with_group_role_and_grant(world: World) -> None:
    for _ in range(2):
        call_command(
            "create_person",
            "ito",
            group="new lab",
            role="lead",
            microscope=["titan"],
            stdout=StringIO(),
        )
    membership = Membership.objects.get(user__username="ito")
    assert (membership.group.name, membership.role) == ("new lab", "lead")
    assert MicroscopeGrant.objects.get(user__username="ito").operator is False
    assert not membership.user.has_usable_password()


def test_an_unknown_microscope_is_told(world: World) -> None:
    with pytest.raises(CommandError, match="no microscope 'krios'"):
        call_command("create_person", "ito", microscope=["krios"], stdout=StringIO())


def test_the_summary_is_the_apis(as_: As, world: World) -> None:
    out = StringIO()
    call_command("run_summary", world.theirs.session.name, stdout=out)
    printed = json.loads(out.getvalue())
    shown = as_("staff").get(f"/api/v1/runs/{world.theirs.run.pk}").json()["summary"]
    assert {name: printed[name] for name in shown if name != "wall_s"} == {
        name: value for name, value in shown.items() if name != "wall_s"
    }
    with pytest.raises(CommandError, match="no such run"):
        call_command("run_summary", "nothing", stdout=StringIO())


def test_a_renewed_log_makes_every_client_read_again(as_: As, world: World) -> None:
    client = as_("member")
    before = client.get("/api/v1/events?after=0").json()
    call_command("renew_event_log", reason="restored to 02:13", stdout=StringIO())
    position = f"after={before['head_seq']}&log_id={before['log_id']}"
    after = client.get(f"/api/v1/events?{position}").json()
    assert after["resync"] is True
    assert after["log_id"] != before["log_id"]
    event = Event.objects.get(kind="log.renewed")
    assert (event.reason, event.after) == ("restored to 02:13", {"log_id": after["log_id"]})
    with pytest.raises(CommandError, match="--reason"):
        call_command("renew_event_log", stdout=StringIO())
