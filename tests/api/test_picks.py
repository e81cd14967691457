"""Particles over the API: asked for by who may edit, read as columns, corrected under an ETag."""

from __future__ import annotations

from typing import Any

import pytest

from smartscope.analysis import registry
from smartscope.analysis.manifest import Manifest
from smartscope.models import Analysis, Changeset, Denoised, Event, Exposure, Image, Picking
from tests.api.conftest import As
from tests.api.world import World
from tests.permissions.every_route import picked

API = "/api/v1"
EDITORS = ("member", "granted", "lead", "operator", "staff", "admin")
ROUTES = ("exposures/{exposure}", "squares/{square}", "grids/{grid}")


@pytest.fixture(autouse=True)
def _plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking needs only their cards; who does the work is tested with the workers."""

    def card(name: str) -> Manifest:
        return Manifest(
            name=name,
            kind="picker",
            version="1",
            level="record",
            licence="BSD-3-Clause",
            declared_duration_s=3.0,
        )

    monkeypatch.setattr(registry, "card", card)


@pytest.fixture(autouse=True)
def _measured(world: World) -> None:
    """The exposure of ours has a movie of 30 frames and its sum."""
    ours = world.ours
    Image.objects.filter(pk=ours.image.pk).update(sections=30)
    Exposure.objects.filter(pk=ours.exposure.pk).update(frames=30, sum_image=ours.image)


def address(world: World, route: str, what: str) -> str:
    ours = world.ours
    path = route.format(exposure=ours.exposure.pk, square=ours.squares[0].pk, grid=ours.grid.pk)
    return f"{API}/{path}/{what}"


@pytest.mark.parametrize("what", ["picks", "denoised"])
@pytest.mark.parametrize("route", ROUTES)
def test_who_may_edit_may_ask_for_one_a_square_or_a_grid(
    route: str, what: str, world: World, as_: As
) -> None:
    rows: Any = Picking.objects if what == "picks" else Denoised.objects
    for person in ("viewer", "stranger", "nobody"):
        answer = as_(person).post(address(world, route, what), {}, format="json")
        assert answer.status_code == (403 if person == "viewer" else 404), person
        assert not rows.exists()
    for person in EDITORS:
        answer = as_(person).post(address(world, route, what), {}, format="json")
        assert answer.status_code == 202, answer.content
        assert (answer.json()["matched"], answer.json()["skipped"]) == (1, [])
    assert rows.get().exposure_id == world.ours.exposure.pk
    assert Analysis.objects.filter(state="wanted").count() == 1
    assert Event.objects.filter(kind=f"exposure.{what}_wanted").exists()


def test_what_is_asked_for_shows_in_the_exposure(world: World, as_: As) -> None:
    url = address(world, ROUTES[0], "picks")
    body = {"method": "intensity-clusters", "diameter_angstrom": 150}
    assert as_("member").post(url, body, format="json").status_code == 202
    shown = as_("viewer").get(f"{API}/exposures/{world.ours.exposure.pk}").json()
    assert (shown["picking"]["state"], shown["picking"]["method"]) == (
        "wanted",
        "intensity-clusters",
    )
    assert shown["particles"] is None
    assert shown["denoised"] is None
    assert Picking.objects.get().parameters == {"diameter_angstrom": 150.0}
    assert as_("member").post(url, {"method": "none"}, format="json").status_code == 400
    assert as_("member").post(url, {"diameter_angstrom": 3}, format="json").status_code == 400


def test_what_cannot_be_looked_at_is_skipped_with_the_reason(world: World, as_: As) -> None:
    Exposure.objects.update(movie=None, sum_image=None)
    for what, why in (("picks", "no sum"), ("denoised", "no movie")):
        answer = as_("member").post(address(world, ROUTES[2], what), {}, format="json").json()
        assert (answer["changed"], answer["skipped"][0]["code"]) == (0, "not_capable")
        assert why in answer["skipped"][0]["reason"]
    Exposure.objects.filter(pk=world.ours.exposure.pk).update(status="transferred")
    answer = as_("member").post(address(world, ROUTES[0], "picks"), {}, format="json").json()
    assert "once it is analysed" in answer["skipped"][0]["reason"]


def test_without_a_picker_that_is_said(
    world: World, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> Manifest:
        raise registry.PluginUnavailable(f"There is no plug-in called {name!r}.")

    monkeypatch.setattr(registry, "card", absent)
    for what in ("picks", "denoised"):
        answer = as_("member").post(address(world, ROUTES[0], what), {}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_capable")


def test_picks_are_read_as_columns_and_corrected_under_an_etag(world: World, as_: As) -> None:
    url = address(world, ROUTES[0], "picks")
    assert as_("viewer").get(url).status_code == 404
    picked(world.ours)
    first = as_("viewer").get(url)
    read = first.json()
    assert (read["x_px"], read["counts"]) == ([100, 500, 300], [True, True, False])
    assert read["particles"] == 2
    assert as_("viewer").get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304

    body = {"add": [{"x_px": 800, "y_px": 100}], "remove": [{"x_px": 499, "y_px": 401}]}
    member = as_("member")
    assert member.patch(url, body, format="json").status_code == 428
    edited = member.patch(url, body, format="json", headers={"If-Match": first["ETag"]})
    assert edited.status_code == 200, edited.content
    assert edited.json()["changed"] == 2
    stale = member.patch(url, body, format="json", headers={"If-Match": first["ETag"]})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")

    read = as_("viewer").get(url).json()
    assert (read["particles"], read["counts"]) == (2, [True, False, False])
    assert (read["added"][0]["author"], read["removed"][0]["x_px"]) == ("member", 500)
    revert = f"{API}/changesets/{edited.json()['changeset']}/revert"
    assert member.post(revert, {}, format="json").json()["skipped"] == []
    read = as_("viewer").get(url).json()
    assert (read["particles"], read["added"], read["removed"]) == (2, [], [])
    assert Changeset.objects.filter(summary__contains="particles of").count() == 2


def test_the_threshold_moves_and_goes_back(world: World, as_: As) -> None:
    url = address(world, ROUTES[0], "picks")
    picked(world.ours)
    as_("member").patch(url, {"threshold": 0.1}, format="json", headers={"If-Match": "*"})
    read = as_("viewer").get(url).json()
    assert (read["own_threshold"], read["threshold"], read["particles"]) == (0.1, 0.5, 3)
    as_("member").patch(url, {"threshold": None}, format="json", headers={"If-Match": "*"})
    assert as_("viewer").get(url).json()["particles"] == 2


def test_grids_and_lists_tell_how_many_particles_there_are(world: World, as_: As) -> None:
    grid = f"{API}/grids/{world.ours.grid.pk}"
    assert as_("viewer").get(grid).json()["counts"]["particles"] is None
    picked(world.ours)
    assert as_("viewer").get(grid).json()["counts"]["particles"] == 2
    rich = as_("viewer").get(f"{API}/exposures?particles__gte=2&sort=-particles").json()
    assert [row["particles"] for row in rich["results"]] == [2]
