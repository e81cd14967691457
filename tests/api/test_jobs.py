"""Jobs: what workers do, why something was given up, and another try by who may edit."""

from __future__ import annotations

import pytest

from smartscope.models import Analysis, Event
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"
EDITORS = ("member", "granted", "lead", "operator", "staff", "admin")


@pytest.fixture
def dead(world: World) -> Analysis:
    """An analysis of our group's image that was given up."""
    return Analysis.objects.create(
        image=world.ours.image,
        kind="find_squares",
        plugin="classical-squares",
        plugin_version="1",
        state="dead",
        attempts=3,
        error="Its file ends after 12 of 4096 rows.",
        visible_at_s=100.0,
    )


def test_what_was_given_up_is_found_with_its_reason(dead: Analysis, as_: As, world: World) -> None:
    grid = world.ours.grid
    for query in (f"grid={grid.pk}", f"session={grid.session.name}", f"image={dead.image_id}"):
        answer = as_("viewer").get(f"{API}/jobs?state=dead&{query}")
        assert answer.status_code == 200, answer.content
        (row,) = answer.json()["results"]
        assert row["id"] == str(dead.pk)
        assert row["grid"] == str(grid.pk)
        assert row["attempts"] == 3
        assert "12 of 4096 rows" in row["error"]
    assert as_("stranger").get(f"{API}/jobs").json()["results"] == []
    assert as_("stranger").get(f"{API}/jobs/{dead.pk}").status_code == 404


@pytest.mark.parametrize("person", [*EDITORS, "viewer", "stranger", "nobody"])
def test_who_may_edit_has_it_tried_again(person: str, dead: Analysis, as_: As) -> None:
    answer = as_(person).post(f"{API}/jobs/{dead.pk}/retry")
    dead.refresh_from_db()
    if person in EDITORS:
        assert answer.status_code == 202, answer.content
        assert answer.json()["state"] == "wanted"
        assert (dead.state, dead.attempts, dead.error) == ("wanted", 0, "")
        assert Event.objects.filter(kind="finding.retried").count() == 1
    else:
        assert answer.status_code == (403 if person == "viewer" else 404)
        assert dead.state == "dead"
        assert not Event.objects.filter(kind="finding.retried").exists()


@pytest.mark.parametrize("state", ["wanted", "running", "done"])
def test_only_what_was_given_up_is_tried_again(state: str, dead: Analysis, as_: As) -> None:
    Analysis.objects.filter(pk=dead.pk).update(state=state)
    answer = as_("member").post(f"{API}/jobs/{dead.pk}/retry")
    assert answer.status_code == 409
    assert state in answer.json()["detail"]
