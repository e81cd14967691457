"""Before a session starts: tables, presets, the cassette, the order and the preflight."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from openpyxl import Workbook

from smartscope.models import Event, Grid, Preset
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"
TABLE = "Slot\tName\tFilm\tbudget_minutes\n3\tC\tR2/2\t45\n4\tD\tR9/9\t\n2\tE\t\t\n"


def xlsx(*rows: list[Any]) -> str:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    file = io.BytesIO()
    book.save(file)
    return base64.b64encode(file.getvalue()).decode()


def test_a_pasted_table_adds_its_good_rows_and_can_be_taken_back(as_: As, world: World) -> None:
    client, path = as_("member"), f"{API}/sessions/{world.ours.session.pk}/manifest"
    seen = client.post(path, {"text": TABLE, "dry_run": True}).json()
    assert [row["good"] for row in seen["rows"]] == [True, False, False]
    assert (seen["outcome"]["changed"], seen["outcome"]["changeset"]) == (1, None)
    assert not Grid.objects.filter(name="C").exists()
    done = client.post(path, {"text": TABLE}).json()
    grid = Grid.objects.get(session=world.ours.session, name="C")
    assert (grid.position, grid.slug, grid.hole_type, grid.budget_minutes) == (3, "g03", "R2/2", 45)
    assert {one["column"] for row in done["rows"] for one in row["problems"]} == {
        "hole_type", "position",
    }  # fmt: skip
    client.post(f"{API}/changesets/{done['outcome']['changeset']}/revert")
    grid.refresh_from_db()
    assert grid.status == "skipped"


def test_all_or_none_is_refused_with_every_cell(as_: As, world: World) -> None:
    path = f"{API}/sessions/{world.ours.session.pk}/manifest"
    answer = as_("member").post(path, {"text": TABLE, "mode": "atomic"})
    assert answer.status_code == 400
    paths = {one["path"] for one in answer.json()["errors"]}
    assert paths == {"line 3.hole_type", "line 4.position"}
    assert not Grid.objects.filter(name="C").exists()


def test_a_spreadsheet_is_read_like_pasted_text(as_: As, world: World) -> None:
    body = {
        "xlsx": xlsx(["slot", "name", "mesh"], [5.0, "A", 400], [6, "B", None]),
        "microscope": str(world.microscope.pk),
    }
    rows = as_("viewer").post(f"{API}/manifests/read", body).json()["rows"]
    assert [(row["position"], row["mesh"], row["good"]) for row in rows] == [
        (5, "400", True),
        (6, "300", True),
    ]


@pytest.mark.parametrize(
    "table",
    [
        {"xlsx": "no base64!"},
        {"xlsx": base64.b64encode(b"no zip").decode()},
        {"text": "a\0b"},
        {"text": "slot,name\n" * 2_000},
        {},
        {"text": "x", "xlsx": "x"},
    ],
)
def test_what_is_no_table_is_refused_in_words(table: dict[str, str], as_: As, world: World) -> None:
    body = table | {"microscope": str(world.microscope.pk)}
    answer = as_("member").post(f"{API}/manifests/read", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")


def test_presets_tell_what_they_change_of_the_facilitys_default(as_: As, world: World) -> None:
    staff, path = as_("staff"), f"{API}/protocols"
    made = {"name": "Ours", "squares_per_grid": 5, "is_default": True}
    assert as_("lead").put(path, made).status_code == 403
    assert staff.put(path, made).status_code == 200
    assert staff.put(path, {"name": "Bad", "tilt_deg": 80}).status_code == 400
    shown = {one["name"]: one for one in as_("viewer").get(path).json()["results"]}
    assert shown["Ours"]["differs"] == {}
    assert shown["Screening"]["differs"] == {"squares_per_grid": 3}
    assert shown["Atlas only"]["differs"] == {"squares_per_grid": 3, "atlas_only": True}
    assert staff.delete(f"{path}/{shown['Ours']['id']}").status_code == 204
    assert not Preset.objects.exists()


def test_the_cassettes_names_are_for_those_who_drive(as_: As, world: World) -> None:
    path = f"{API}/microscopes/titan/inventory"
    assert as_("member").get(path).json()["read_at"] is None
    world.microscope.inventory = [{"slot": 2, "occupied": True, "name": "secret"}]
    world.microscope.save()
    for person, name in (("member", ""), ("stranger", ""), ("granted", "secret")):
        slot = as_(person).get(path).json()["slots"][1]
        assert slot == {"slot": 2, "occupied": True, "name": name}


def test_waiting_grids_are_taken_in_the_order_a_person_says(as_: As, world: World) -> None:
    third = Grid.objects.create(session=world.ours.session, slug="g03", position=3, name="C")
    second = Grid.objects.get(session=world.ours.session, slug="g02")
    client, path = as_("member"), f"{API}/sessions/{world.ours.session.pk}"
    etag = client.get(path)["ETag"]
    wanted = {"grids": [str(third.pk), str(second.pk)]}
    assert client.put(f"{path}/order", wanted).status_code == 428
    done = client.put(f"{path}/order", wanted, headers={"If-Match": etag})
    assert (done.status_code, done.json()["changed"]) == (200, 2)
    stale = client.put(f"{path}/order", wanted, headers={"If-Match": etag})
    assert stale.status_code == 412
    listed = client.get(f"{API}/grids?session={world.ours.session.pk}&sort=turn").json()
    assert [grid["slug"] for grid in listed["results"]] == ["g03", "g02", "g01"]
    last = Event.objects.order_by("-seq").first()
    assert last is not None
    assert last.kind == "grid.reordered"


def test_only_waiting_grids_have_a_turn_and_each_is_named(as_: As, world: World) -> None:
    client, path = as_("member"), f"{API}/sessions/{world.ours.session.pk}/order"
    for grids in ([str(world.ours.grid.pk)], [str(world.theirs.grid.pk)]):
        answer = client.put(path, {"grids": grids}, headers={"If-Match": "*"})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "grids")


def test_the_preflight_says_what_a_start_would_meet(as_: As, world: World) -> None:
    path = f"{API}/sessions/{world.theirs.session.pk}/preflight"
    Grid.objects.filter(session=world.theirs.session, slug="g01").update(status="done")
    Grid.objects.filter(session=world.theirs.session).update(tilt_deg=20.0)
    found = as_("stranger").get(path).json()
    assert any("ours" not in reason and "running" in reason for reason in found["blocked"])
    assert [grid["slug"] for grid in found["grids"]] == ["g02"]
    assert found["grids"][0]["differs"] == {"tilt_deg": 20.0}
    assert found["grids"][0]["assumed"]
    assert (found["exchanges"], found["minutes"] > 5) == (1, True)
    assert [step["kind"] for step in found["first_steps"]] == ["load_grid", "open_valves", "atlas"]
    verdicts = {check["subject"]: check["verdict"] for check in found["checks"]}
    assert verdicts["camera"] == "warn"
    assert "disk for this session" in verdicts


def test_an_end_that_is_past_is_refused_and_a_later_one_kept(as_: As, world: World) -> None:
    client, path = as_("member"), f"{API}/sessions/{world.ours.session.pk}"
    past = client.patch(path, {"stop_at": "1970-01-01T00:10:00Z"}, headers={"If-Match": "*"})
    assert (past.status_code, past.json()["errors"][0]["path"]) == (400, "stop_at")
    done = client.patch(path, {"stop_at": "1970-01-01T02:00:00Z"}, headers={"If-Match": "*"})
    assert done.json()["stop_at"] == "1970-01-01T02:00:00Z"
    made = client.get(f"{API}/changesets?session={world.ours.session.pk}").json()["results"][0]
    assert client.post(f"{API}/changesets/{made['id']}/revert").json()["changed"] == 1
    assert client.get(path).json()["stop_at"] is None


def test_several_grids_get_a_verdict_and_a_tag_at_once(as_: As, world: World) -> None:
    body = {
        "filter": {"session": str(world.ours.session.pk)},
        "set": {"verdict": "discard", "tag": "apo"},
    }
    answer = as_("member").post(f"{API}/grids/bulk", body)
    assert (answer.status_code, answer.json()["changed"]) == (200, 2)
    assert set(Grid.objects.filter(session=world.ours.session).values_list("verdict", "tag")) == {
        ("discard", "apo")
    }
    assert len(as_("member").get(f"{API}/grids?tag=apo").json()["results"]) == 2
