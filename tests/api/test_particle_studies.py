"""Pickers that learn from clicks, and class averages, over the API."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from smartscope.analysis.io.mrc import write_mrc_image
from smartscope.models import Grid, ParticleStudy, PickEdit, Picking
from smartscope.queries.picks import packed
from smartscope.storage.current import current_store
from tests.analysis.picking.pictures import DIAMETER_ANGSTROM, PIXEL_ANGSTROM, drawn
from tests.api.conftest import As
from tests.api.world import Scene, World
from tests.permissions.every_route import picked
from workers.studies.run import run_study

API = "/api/v1"
EDITORS = ("member", "granted", "lead", "operator", "staff", "admin")
ONCE = {"Idempotency-Key": "k"}


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, settings: object) -> None:
    (tmp_path / "files").mkdir()
    settings.SMARTSCOPE_STORAGE_URL = (tmp_path / "files").as_uri()  # type: ignore[attr-defined]


def clicked(scene: Scene) -> Picking:
    """The scene's exposure with discs, of which a picker found two places, and ten clicks."""
    picture, centres = drawn()
    picking = picked(scene)
    image = scene.image
    image.key = "ours/g01/sums/drawn.mrc"
    image.width_px = image.height_px = picture.shape[0]
    image.pixel_size_angstrom = PIXEL_ANGSTROM
    image.save()
    current_store().write_atomic(
        image.key,
        lambda stream: write_mrc_image(stream, picture, pixel_size_angstrom=PIXEL_ANGSTROM),
    )
    scene.exposure.pixel_size_angstrom = PIXEL_ANGSTROM
    scene.exposure.save()
    for x_px, y_px in centres[:10]:
        PickEdit.objects.create(exposure=scene.exposure, is_particle=True, x_px=x_px, y_px=y_px)
    return picking


@pytest.mark.parametrize("person", [*EDITORS, "viewer", "stranger", "nobody"])
def test_who_may_edit_may_ask(person: str, world: World, as_: As) -> None:
    clicked(world.ours)
    url = f"{API}/grids/{world.ours.grid.pk}/particle-studies"
    answer = as_(person).post(url, {"kind": "learnt-picker"}, format="json", headers=ONCE)
    if person in EDITORS:
        assert answer.status_code == 202, answer.content
        said = answer.json()
        assert (said["state"], said["number"], said["author"]) == ("wanted", 1, person)
    else:
        assert answer.status_code == (403 if person == "viewer" else 404)
        assert not ParticleStudy.objects.exists()


def test_a_picker_is_learnt_chosen_and_taken_back(world: World, as_: As) -> None:
    clicked(world.ours)
    member, grid = as_("member"), world.ours.grid
    asked = member.post(
        f"{API}/grids/{grid.pk}/particle-studies",
        {"kind": "learnt-picker"},
        format="json",
        headers=ONCE,
    ).json()
    early = member.get(f"{API}/particle-studies/{asked['id']}/file")
    assert early.json()["code"] == "not_derived_yet"
    run_study(asked["id"])
    study = member.get(f"{API}/particle-studies/{asked['id']}").json()
    assert study["state"] == "done", study["message"]
    assert (study["learnt"]["clicks"], study["averages"]) == (10, None)
    assert study["learnt"]["f1"] > 0.8
    assert study["diameter_angstrom"] == pytest.approx(DIAMETER_ANGSTROM, rel=0.2)
    put = f"{API}/grids/{grid.pk}/picker"
    chosen = member.put(put, {"study": asked["id"]}, format="json", headers={"If-Match": "*"})
    assert chosen.status_code == 200, chosen.content
    assert member.get(f"{API}/grids/{grid.pk}").json()["picker"] == asked["id"]
    back = member.post(f"{API}/changesets/{chosen.json()['changeset']}/revert", {}, format="json")
    assert back.status_code == 200, back.content
    assert Grid.objects.get(pk=grid.pk).picker_id is None
    theirs = Grid.objects.exclude(pk=grid.pk).filter(session=grid.session).first()
    assert theirs is not None
    other = member.put(
        f"{API}/grids/{theirs.pk}/picker",
        {"study": asked["id"]},
        format="json",
        headers={"If-Match": "*"},
    )
    assert other.status_code == 404


def test_what_cannot_be_learnt_is_declined_with_the_reason(world: World, as_: As) -> None:
    picking = picked(world.ours)
    member, url = as_("member"), f"{API}/grids/{world.ours.grid.pk}/particle-studies"
    few = member.post(url, {"kind": "learnt-picker"}, format="json", headers=ONCE)
    assert (few.status_code, few.json()["code"]) == (409, "not_capable")
    assert "learns from 6 clicks" in few.json()["detail"]
    none = member.post(url, {"kind": "class-averages"}, format="json", headers=ONCE)
    assert "averages need 32" in none.json()["detail"]
    wrong = member.post(
        url, {"kind": "class-averages", "diameter_angstrom": 1}, format="json", headers=ONCE
    )
    assert [one["path"] for one in wrong.json()["errors"]] == ["diameter_angstrom"]
    # clicks that are far outside every picture teach nothing, and the reason is told
    for number in range(8):
        PickEdit.objects.create(
            exposure=picking.exposure, is_particle=True, x_px=9e5, y_px=9e5 + number
        )
    asked = member.post(
        url, {"kind": "learnt-picker"}, format="json", headers={"Idempotency-Key": "two"}
    ).json()
    busy = member.post(
        url, {"kind": "learnt-picker"}, format="json", headers={"Idempotency-Key": "three"}
    )
    assert (busy.status_code, busy.json()["code"]) == (409, "busy")
    run_study(asked["id"])
    study = ParticleStudy.objects.get(pk=asked["id"])
    assert study.state == "dead"
    assert study.message


def test_averages_are_made_shown_and_fetched(world: World, as_: As) -> None:
    picking = clicked(world.ours)
    centres = drawn()[1]
    picking.packed = packed(centres, np.ones(len(centres)))
    picking.diameter_angstrom = DIAMETER_ANGSTROM
    picking.save()
    world.ours.exposure.particles = len(centres)
    world.ours.exposure.save()
    viewer, url = as_("viewer"), f"{API}/grids/{world.ours.grid.pk}/particle-studies"
    asked = as_("member").post(url, {"kind": "class-averages"}, format="json", headers=ONCE).json()
    run_study(asked["id"])
    listed = viewer.get(f"{API}/particle-studies?grid={world.ours.grid.pk}&kind=class-averages")
    [study] = listed.json()["results"]
    assert study["state"] == "done", study["message"]
    classes = study["averages"]["classes"]
    assert sum(one["count"] for one in classes) == study["averages"]["particles"] >= 32
    answer = viewer.get(f"{API}/particle-studies/{study['id']}/picture")
    with PillowImage.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (64 * len(classes), 64)
    fetched = viewer.get(f"{API}/particle-studies/{study['id']}/file")
    assert fetched["Content-Type"] == "application/zip"
    names = zipfile.ZipFile(io.BytesIO(b"".join(fetched.streaming_content))).namelist()  # type: ignore[attr-defined]
    assert names == ["averages.png", "averages.mrcs", "particles.star", "classes.star"]
    assert as_("stranger").get(f"{API}/particle-studies/{study['id']}/picture").status_code == 404
