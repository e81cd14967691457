"""Endpoint x role x group: nobody sees or moves what is another group's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from smartscope.models import Event
from tests.api.conftest import As
from tests.api.world import Scene, World

API = "/api/v1"
INSIDE = ("viewer", "member", "granted", "lead", "operator", "staff", "admin")
OUTSIDE = ("stranger", "nobody")
EVERYBODY = (*INSIDE, *OUTSIDE)

LISTS = (
    "sessions", "grids", "atlases", "squares", "groups", "holes", "exposures", "images",
    "runs", "steps", "waits", "changesets", "events?after=0",
)  # fmt: skip

SINGLES: dict[str, Callable[[Scene], str]] = {
    "session": lambda s: f"sessions/{s.session.pk}",
    "session by name": lambda s: f"sessions/{s.session.name}",
    "grid": lambda s: f"grids/{s.grid.pk}",
    "grid by slug": lambda s: f"grids/g01?session={s.session.name}",
    "atlas": lambda s: f"atlases/{s.atlas.pk}",
    "atlas overlay": lambda s: f"atlases/{s.atlas.pk}/overlay",
    "square": lambda s: f"squares/{s.squares[0].pk}",
    "square overlay": lambda s: f"squares/{s.squares[0].pk}/overlay",
    "group": lambda s: f"groups/{s.group.pk}",
    "hole": lambda s: f"holes/{s.holes[0].pk}",
    "dose of a grid": lambda s: f"grids/{s.grid.pk}/dose",
    "series of a grid": lambda s: f"grids/{s.grid.pk}/series",
    "series of a session": lambda s: f"sessions/{s.session.pk}/series",
    "backlog of a session": lambda s: f"sessions/{s.session.pk}/backlog",
    "dose of a square": lambda s: f"squares/{s.squares[0].pk}/dose",
    "dose of a hole": lambda s: f"holes/{s.holes[0].pk}/dose",
    "exposure": lambda s: f"exposures/{s.exposure.pk}",
    "image": lambda s: f"images/{s.image.pk}",
    "run": lambda s: f"runs/{s.run.pk}",
    "event": lambda s: f"events/{s.event.seq}",
}
#: pictures of an image that has none yet: 404 either way, told apart by the code
PICTURES = ("preview", "info.json", "0,0,512,512/512,512/0/default.jpg")


def ids_of(scene: Scene) -> set[str]:
    """Everything by which the scene could be recognised."""
    rows = [
        scene.session, scene.grid, scene.atlas, *scene.squares, *scene.holes, scene.group,
        scene.exposure, scene.image, scene.run, scene.changeset, scene.command,
    ]  # fmt: skip
    return {str(row.pk) for row in rows} | {scene.session.name, scene.grid.name}


@pytest.mark.parametrize("person", EVERYBODY)
def test_lists_hold_only_what_the_person_may_see(person: str, as_: As, world: World) -> None:
    client = as_(person)
    sees_ours, sees_theirs = person in INSIDE, person in ("stranger", "operator", "staff", "admin")
    for path in (*LISTS, "microscopes", "detectors"):
        answer = client.get(f"{API}/{path}")
        assert answer.status_code == 200
        text = answer.content.decode()
        for scene, sees in ((world.ours, sees_ours), (world.theirs, sees_theirs)):
            found = {key for key in ids_of(scene) if key in text}
            assert sees or not found, f"{person} sees {path} of {scene.session.name}"
            if sees and path in LISTS:
                assert found, f"{person} should see {path} of {scene.session.name}"


@pytest.mark.parametrize("person", EVERYBODY)
def test_another_groups_object_does_not_exist(person: str, as_: As, world: World) -> None:
    client = as_(person)
    for what, path in SINGLES.items():
        answer = client.get(f"{API}/{path(world.ours)}")
        if person in INSIDE:
            assert answer.status_code == 200, f"{what}: {answer.content!r}"
        else:
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), what
    changesets = client.get(f"{API}/changesets?session={world.ours.session.pk}").json()
    assert bool(changesets["results"]) == (person in INSIDE)


@pytest.mark.parametrize("person", EVERYBODY)
def test_pictures_follow_their_grid(person: str, as_: As, world: World) -> None:
    client = as_(person)
    for picture in PICTURES:
        answer = client.get(f"{API}/images/{world.ours.image.pk}/{picture}")
        expected = "not_derived_yet" if person in INSIDE else "not_found"
        assert (answer.status_code, answer.json()["code"]) == (404, expected)


def _edits(world: World) -> dict[str, tuple[str, str, dict[str, Any]]]:
    ours = world.ours
    return {
        "holes": ("post", "holes/bulk", {"ids": [str(ours.holes[3].pk)], "set": {"queue": True}}),
        "squares": (
            "post", "squares/bulk", {"ids": [str(ours.squares[1].pk)], "set": {"skip": True}},
        ),
        "grids": ("post", "grids/bulk", {"ids": [str(ours.grid.pk)], "set": {"skip": True}}),
        "exposures": (
            "post", "exposures/bulk", {"ids": [str(ours.exposure.pk)], "set": {"label": "bad"}},
        ),
        "grid": ("patch", f"grids/{ours.grid.pk}", {"notes": "seen"}),
        "session": ("patch", f"sessions/{ours.session.pk}", {"notes": "seen"}),
        "regroup": ("post", f"squares/{ours.squares[0].pk}/regroup", {}),
        "revert": ("post", f"changesets/{ours.changeset.pk}/revert", {}),
        "skip": (
            "post", f"microscopes/{world.microscope.pk}/commands",
            {"type": "skip_grid", "arguments": {"grid": str(ours.grid.pk)}},
        ),
    }  # fmt: skip


EDITORS = ("member", "granted", "lead", "operator", "staff", "admin")
KEYS = {"Idempotency-Key": "k", "If-Match": "*"}


@pytest.mark.parametrize(
    "edit",
    ["holes", "squares", "grids", "exposures", "grid", "session", "regroup", "revert", "skip"],
)
@pytest.mark.parametrize("person", EVERYBODY)
def test_edits_need_a_member_and_leave_an_event(
    person: str, edit: str, as_: As, world: World
) -> None:
    method, path, body = _edits(world)[edit]
    before = Event.objects.count()
    answer = getattr(as_(person), method)(f"{API}/{path}", body, headers=KEYS)
    written = Event.objects.count() - before
    if person in EDITORS:
        assert answer.status_code in (200, 202), answer.content
        # an empty changeset has nothing to take back, and nothing is to be grouped anew; a command
        # tells of itself and of its rows
        assert written == {"regroup": 0, "revert": 0, "skip": 2}.get(edit, 1)
    else:
        expected = 403 if person == "viewer" else 404
        assert (answer.status_code, written) == (expected, 0), answer.content


@pytest.mark.parametrize("kind", ["start", "pause", "resume", "stop"])
@pytest.mark.parametrize("person", EVERYBODY)
def test_driving_needs_a_grant(person: str, kind: str, as_: As, world: World) -> None:
    path = f"{API}/microscopes/{world.microscope.pk}/commands"
    body = {"type": kind, "arguments": {"session": str(world.ours.session.pk)}}
    answer = as_(person).post(path, body, headers=KEYS)
    if person in ("granted", "operator", "staff", "admin"):
        assert answer.status_code == (409 if kind == "start" else 202), answer.content
    else:
        assert answer.status_code == (403 if person in INSIDE else 404), answer.content


@pytest.mark.parametrize("person", EVERYBODY)
def test_the_emergency_stop_is_open_to_anyone_with_a_session_there(
    person: str, as_: As, world: World
) -> None:
    answer = as_(person).post(f"{API}/microscopes/{world.microscope.pk}/emergency-stop")
    assert answer.status_code == (403 if person == "nobody" else 202)
    if person == "stranger":
        assert world.ours.session.name not in answer.content.decode()


@pytest.mark.parametrize("person", EVERYBODY)
def test_a_session_is_planned_within_ones_own_group(person: str, as_: As, world: World) -> None:
    plan = {
        "name": "new",
        "group": "ours",
        "microscope": str(world.microscope.pk),
        "detector": str(world.detector.pk),
        "grids": [{"name": "A", "position": 1}],
    }
    answer = as_(person).post(f"{API}/sessions", plan, headers=KEYS)
    expected = 201 if person in EDITORS else 403 if person == "viewer" else 400
    assert answer.status_code == expected, answer.content


def test_the_microscope_keeps_a_strangers_run_to_itself(as_: As, world: World) -> None:
    ours = as_("member").get(f"{API}/microscopes/titan").json()
    theirs = as_("stranger").get(f"{API}/microscopes/titan").json()
    assert (ours["session"], ours["state_reason"]) == (
        str(world.ours.session.pk),
        "waiting for ours",
    )
    assert (theirs["session"], theirs["run"], theirs["state_reason"]) == (None, None, "")


@pytest.mark.parametrize("person", EVERYBODY)
def test_the_journals_table_holds_only_what_the_person_may_see(
    person: str, as_: As, world: World
) -> None:
    answer = as_(person).get(f"{API}/steps.csv")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert (world.ours.session.name in text) == (person in INSIDE)
    assert (world.theirs.session.name in text) == (
        person in ("stranger", "operator", "staff", "admin")
    )


@pytest.mark.parametrize("person", EVERYBODY)
def test_the_helm_is_for_those_with_a_grant(person: str, as_: As, world: World) -> None:
    path = f"{API}/microscopes/{world.microscope.pk}/driver-lease"
    assert as_(person).get(path).status_code == 200
    drives = person in ("granted", "operator", "staff", "admin")
    assert as_(person).put(path, {}).status_code == (200 if drives else 403)


def test_commands_of_another_groups_session_are_not_listed(as_: As, world: World) -> None:
    path = f"{API}/microscopes/{world.microscope.pk}/commands"
    mine = as_("member").get(path).json()["results"]
    assert [entry["id"] for entry in mine] == [str(world.ours.command.pk)]
    assert as_("member").get(f"{path}/{world.theirs.command.pk}").status_code == 404
    assert as_("nobody").get(path).json()["results"] == []


def test_settings_of_the_driver_are_told_to_nobody(as_: As, world: World) -> None:
    world.microscope.driver_settings = {"address": "10.1.2.3", "secret": "hush"}
    world.microscope.save()
    text = json.dumps(as_("admin").get(f"{API}/microscopes/titan").json())
    assert "hush" not in text


def test_a_person_taken_out_of_the_group_sees_nothing_more(as_: As, world: World) -> None:
    client = as_("member")
    assert client.get(f"{API}/grids/{world.ours.grid.pk}").status_code == 200
    world.people["member"].memberships.all().delete()
    assert client.get(f"{API}/grids/{world.ours.grid.pk}").status_code == 404
