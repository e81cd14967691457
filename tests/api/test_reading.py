"""Lists, pages, filters, single objects and overlays."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from smartscope.models import Hole
from tests.api.conftest import As
from tests.api.world import HOLES, SQUARES, World

API = "/api/v1"

LISTS = (
    "microscopes", "detectors", "sessions", "grids", "atlases", "squares", "groups", "holes",
    "exposures", "images", "runs", "steps", "waits", "changesets",
)  # fmt: skip
#: read as lists only
LISTED_ONLY = {"steps", "waits", "changesets"}


def get(client: APIClient, path: str, **query: Any) -> Any:
    answer = client.get(f"{API}/{path}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize("path", LISTS)
def test_every_list_has_its_envelope_and_each_row_can_be_read_alone(
    path: str, as_: As, world: World
) -> None:
    page = get(as_("member"), path)
    assert page["next"] is None
    assert page["as_of_seq"] == world.theirs.event.seq
    row = page["results"][0]
    if path in LISTED_ONLY:
        return
    alone = get(as_("member"), f"{path}/{row['id']}")
    different = {name for name in row if row[name] != alone[name]}
    assert different <= {"seconds_since_last_image"}


def test_pages_together_are_the_whole_list_in_order(as_: As, world: World) -> None:
    client = as_("member")
    seen: list[float | None] = []
    query: str | None = "?limit=2&sort=-ice_thickness_nm"
    while query:
        page = client.get(f"{API}/holes{query}").json()
        seen += [hole["ice_thickness_nm"] for hole in page["results"]]
        query = page["next"]
    assert seen == [50.0, 40.0, 30.0, 20.0, 10.0, None]


def test_filters_compare_choose_and_ask_for_what_is_not_known(as_: As, world: World) -> None:
    client, grid = as_("member"), world.ours.grid.pk

    def numbers(**query: Any) -> list[int]:
        return [hole["number"] for hole in get(client, "holes", grid=grid, **query)["results"]]

    assert numbers(ice_thickness_nm__lt=25) == [1, 2]
    assert numbers(status="queued,analysed") == [1, 2, 3]
    assert numbers(ice_thickness_nm__isnull="true") == [HOLES]
    assert numbers(square="g01-s1", group="g01-s1-p1") == [1, 2, 3]
    assert numbers(square="g01-s2") == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?colour=red", "unknown_filter"),
        ("?status__lt=found", "unknown_filter"),
        ("?ice_thickness_nm__lt=thick", "validation_failed"),
        ("?ice_thickness_nm__lt=1e400", "validation_failed"),
        ("?status=%00", "validation_failed"),
        ("?limit=0", "validation_failed"),
        ("?limit=1001", "validation_failed"),
        ("?limit=%C2%B2", "validation_failed"),
        ("?sort=weight", "validation_failed"),
        ("?cursor=nonsense", "validation_failed"),
        ("?cursor=W251bGwsbnVsbF0", "validation_failed"),
        ("?fields=secret", "validation_failed"),
        ("?updated_at__gt=yesterday", "validation_failed"),
        ("?updated_at__gt=2026-13-45T00:00:00Z", "validation_failed"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(query: str, code: str, as_: As) -> None:
    answer = as_("member").get(f"{API}/holes{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code


def test_only_the_wanted_fields_come_and_a_count_on_request(as_: As, world: World) -> None:
    page = get(as_("member"), "holes", fields="id,slug", count="true", limit=1)
    assert set(page["results"][0]) == {"id", "slug"}
    assert page["count"] == HOLES


def test_a_slug_stands_in_for_an_id(as_: As, world: World) -> None:
    assert get(as_("member"), "holes/g01-s1-h2")["id"] == str(world.ours.holes[1].pk)
    assert get(as_("member"), "grids/g01", session="20261121_ours")["id"] == str(world.ours.grid.pk)
    assert get(as_("member"), "sessions/20261121_ours")["name"] == "20261121_ours"
    ambiguous = as_("staff").get(f"{API}/grids/g01")
    assert (ambiguous.status_code, ambiguous.json()["code"]) == (409, "conflict")


def test_a_session_tells_its_state_and_counts(as_: As, world: World) -> None:
    session = get(as_("member"), f"sessions/{world.ours.session.pk}")
    assert session["state"] == "running"
    assert session["run"] == str(world.ours.run.pk)
    assert session["counts"] == {
        "grids": 2, "squares": SQUARES, "holes": HOLES, "exposures": 1,
    }  # fmt: skip
    assert session["protocol"]["squares_per_grid"] == 3
    assert session["started_at"] == "1970-01-01T00:16:40Z"


def test_a_grid_tells_its_counts_rank_and_what_is_not_known(as_: As, world: World) -> None:
    first, second = get(as_("member"), "grids", session=world.ours.session.pk)["results"]
    assert first["counts"]["exposures_analysed"] == 1
    assert first["ctf_fit_best_angstrom"] == pytest.approx(4.1)
    assert first["minutes_spent"] == pytest.approx(4_000 / 60)
    assert (first["rank"], second["rank"]) == (1, 2)
    assert second["ctf_fit_best_angstrom"] is None
    assert second["atlas"] is None
    assert first["atlas"] == str(world.ours.atlas.pk)


def test_an_unchanged_object_is_not_sent_again(as_: As, world: World) -> None:
    client, path = as_("member"), f"{API}/grids/{world.ours.grid.pk}"
    etag = client.get(path)["ETag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    Hole.objects.filter(pk=world.ours.holes[5].pk).delete()
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_an_overlay_has_one_entry_per_target_in_each_column(as_: As, world: World) -> None:
    squares = get(as_("member"), f"atlases/{world.ours.atlas.pk}/overlay")
    holes = get(as_("member"), f"squares/{world.ours.squares[0].pk}/overlay")
    for overlay, count in ((squares, SQUARES), (holes, HOLES)):
        head = {"geometry_version", "as_of_seq", "index"}
        assert overlay["index"] is None
        assert {len(overlay[name]) for name in set(overlay) - head} == {count}
    assert holes["radius_px"][0] == pytest.approx(0.6 / 0.1)


def test_a_later_overlay_has_only_what_changed(as_: As, world: World) -> None:
    Hole.objects.filter(pk=world.ours.holes[2].pk).update(status="skipped")
    Hole.objects.exclude(pk=world.ours.holes[2].pk).update(updated_at="2020-01-01T00:00:00Z")
    path = f"squares/{world.ours.squares[0].pk}/overlay"
    whole = get(as_("member"), path)
    delta = get(as_("member"), path, after_seq=world.ours.event.seq)
    assert delta["geometry_version"] == whole["geometry_version"]
    assert (delta["index"], delta["status"]) == ([2], ["skipped"])
    assert "x_px" not in delta


def test_a_packed_overlay_says_the_same_with_each_value_once(as_: As, world: World) -> None:
    path = f"squares/{world.ours.squares[0].pk}/overlay"
    Hole.objects.filter(pk__in=[hole.pk for hole in world.ours.holes[:4]]).update(label="thick")
    Hole.objects.filter(pk=world.ours.holes[4].pk).update(ice_thickness_nm=38.123456)
    plain, packed = (get(as_("member"), path, packed=flag) for flag in ("false", "true"))
    assert packed["predicted"] == {"every": False}
    assert set(packed["label"]) == {"values", "codes"}
    unpacked = {
        name: column if not isinstance(column, dict)
        else [column["every"]] * HOLES if "every" in column
        else [column["values"][code] for code in column["codes"]]
        for name, column in packed.items()
    }  # fmt: skip
    assert unpacked == plain
    assert plain["ice_thickness_nm"][4] == 38.12
    assert as_("member").get(f"{API}/{path}?packed=maybe").status_code == 400


def test_a_run_carries_its_summary(as_: As, world: World) -> None:
    summary = get(as_("member"), f"runs/{world.ours.run.pk}")["summary"]
    assert summary["waiting_s"] == {"analysis": 10.0}
    assert summary["microscope_s"] == pytest.approx(4_000.0)
    assert summary["software_waiting_fraction"] == pytest.approx(10 / 4_000)
    assert (summary["holes"], summary["plannable"], summary["unexplained"]) == (1, 3, 0)


def test_holes_left_on_a_finished_run_are_unexplained(as_: As, world: World) -> None:
    assert get(as_("stranger"), f"runs/{world.theirs.run.pk}")["summary"]["unexplained"] == 2


def test_me_and_the_vocabulary(as_: As, world: World) -> None:
    me = get(as_("granted"), "me")
    assert me["groups"] == [{"name": "ours", "role": "member"}]
    assert me["microscopes"] == [{"id": str(world.microscope.pk), "operator": False}]
    words = get(as_("viewer"), "vocabulary")
    tilt = next(p for p in words["parameters"] if p["name"] == "tilt_deg")
    assert (tilt["minimum"], tilt["maximum"], tilt["unit"]) == (-60.0, 60.0, "°")


def test_health_answers_without_signing_in(client: APIClient, db: None) -> None:
    assert client.get(f"{API}/health/live").json() == {"alive": True}
    assert client.get(f"{API}/health/ready").json()["ready"] is True


def test_an_address_that_is_nothing_is_told_as_json(as_: As) -> None:
    answer = as_("member").get(f"{API}/nothing/here")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
