"""Files of particles over the API: asked for by leads, followed and fetched by who may look."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from smartscope.models import Export
from tests.api.conftest import As
from tests.api.world import World
from tests.permissions.every_route import picked
from workers.exports.run import run_export

API = "/api/v1"
SHARERS = ("lead", "operator", "staff", "admin")


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, settings: object) -> None:
    (tmp_path / "files").mkdir()
    settings.SMARTSCOPE_STORAGE_URL = (tmp_path / "files").as_uri()  # type: ignore[attr-defined]


@pytest.mark.parametrize("person", [*SHARERS, "viewer", "member", "granted", "stranger", "nobody"])
def test_who_may_share_may_ask(person: str, world: World, as_: As) -> None:
    picked(world.ours)
    url = f"{API}/grids/{world.ours.grid.pk}/exports"
    answer = as_(person).post(
        url, {"format": "relion-star"}, format="json", headers={"Idempotency-Key": "k"}
    )
    if person in SHARERS:
        assert answer.status_code == 202, answer.content
        assert (answer.json()["state"], answer.json()["author"]) == ("wanted", person)
    else:
        assert answer.status_code == (404 if person in ("stranger", "nobody") else 403)
        assert not Export.objects.exists()


def test_it_is_followed_and_fetched(world: World, as_: As) -> None:
    picked(world.ours)
    url = f"{API}/grids/{world.ours.grid.pk}/exports"
    body = {"format": "cryosparc-cs", "exposures": [str(world.ours.exposure.pk)]}
    asked = as_("lead").post(url, body, format="json", headers={"Idempotency-Key": "k"}).json()
    again = as_("lead").post(url, body, format="json", headers={"Idempotency-Key": "k"})
    assert again.json()["id"] == asked["id"]
    early = as_("viewer").get(f"{API}/exports/{asked['id']}/file")
    assert early.json()["code"] == "not_derived_yet"
    run_export(asked["id"])
    listed = as_("viewer").get(f"{API}/exports?grid={world.ours.grid.pk}&state=done").json()
    assert [one["particles"] for one in listed["results"]] == [2]
    fetched = as_("viewer").get(f"{API}/exports/{asked['id']}/file")
    assert fetched["Content-Type"] == "application/zip"
    names = zipfile.ZipFile(io.BytesIO(b"".join(fetched.streaming_content))).namelist()  # type: ignore[attr-defined]
    assert names == ["picked_particles.cs", "read_me.txt"]
    assert as_("stranger").get(f"{API}/exports/{asked['id']}/file").status_code == 404


def test_nonsense_is_refused_by_name(world: World, as_: As) -> None:
    picked(world.ours)
    url = f"{API}/grids/{world.ours.grid.pk}/exports"
    for body, name in (
        ({"format": "jpeg"}, "format"),
        ({"format": "particle-stack", "box_px": 5}, "box_px"),
        ({"format": "particle-stack", "binning": 0}, "binning"),
    ):
        answer = as_("lead").post(url, body, format="json", headers={"Idempotency-Key": "k"})
        assert answer.status_code == 400
        assert [one["path"] for one in answer.json()["errors"]] == [name]
