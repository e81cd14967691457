"""The clusters-of-grey picker shows its steps to whoever may look: bounded, and writing nothing."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from smartscope.analysis.io.mrc import save_mrc
from smartscope.models import Event, Exposure, Image
from smartscope.queries import picking_steps
from tests.api.conftest import As
from tests.api.world import World

SIDE_PX, PIXEL_ANGSTROM = 600, 2.0
PLACES = [(150, 200), (300, 300), (420, 180), (250, 430)]


@pytest.fixture
def address(world: World, tmp_path: Path, settings: object) -> str:
    """An exposure whose sum shows four dark discs of 100 Å."""
    settings.SMARTSCOPE_STORAGE_URL = tmp_path.as_uri()  # type: ignore[attr-defined]
    rng = np.random.default_rng(3)
    total = rng.normal(100.0, 2.0, (SIDE_PX, SIDE_PX))
    rows, columns = np.indices(total.shape)
    for x, y in PLACES:
        total[np.hypot(columns - x, rows - y) < 25] -= 15.0
    ours = world.ours
    Image.objects.filter(pk=ours.image.pk).update(key="ours/g01/sum/one.mrc")
    path = tmp_path / "ours" / "g01" / "sum" / "one.mrc"
    path.parent.mkdir(parents=True)
    save_mrc(path, total.astype(np.float32), pixel_size_angstrom=PIXEL_ANGSTROM)
    Exposure.objects.filter(pk=ours.exposure.pk).update(
        sum_image=ours.image, pixel_size_angstrom=PIXEL_ANGSTROM
    )
    return f"/api/v1/exposures/{ours.exposure.pk}/picks/preview"


def test_every_step_is_a_picture_and_particles_lie_where_they_are(address: str, as_: As) -> None:
    before = Event.objects.count()
    answer = as_("viewer").post(address, {"diameter_angstrom": 100}, format="json")
    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert [one["name"] for one in shown["steps"]][:2] == ["grey", "contrast stretched"]
    for one in shown["steps"]:
        picture = Picture.open(BytesIO(base64.b64decode(one["png"])))
        assert picture.format == "PNG"
        assert picture.size == (one["width_px"], one["height_px"])
        assert max(picture.size) <= 256
    found = np.column_stack([shown["x_px"], shown["y_px"]])
    for place in PLACES:
        assert np.hypot(*(found - place).T).min() < 12.0
    assert Event.objects.count() == before


def test_other_settings_give_other_pictures(address: str, as_: As) -> None:
    body = {"diameter_angstrom": 100}
    usual = as_("viewer").post(address, body, format="json").json()
    strict = as_("viewer").post(address, body | {"cluster": 4}, format="json").json()
    assert strict["steps"][-1]["png"] != usual["steps"][-1]["png"]
    assert strict["steps"][0]["png"] == usual["steps"][0]["png"]


def test_it_is_for_those_who_see_the_exposure_and_for_sensible_settings(
    address: str, as_: As
) -> None:
    usual = {"diameter_angstrom": 100}
    for person in ("stranger", "nobody"):
        assert as_(person).post(address, usual, format="json").status_code == 404
    for body in ({}, usual | {"clusters": 99}, usual | {"a": 1}):
        assert as_("viewer").post(address, body, format="json").status_code == 400


def test_one_at_a_time_and_thirty_a_minute(address: str, as_: As) -> None:
    client, body = as_("viewer"), {"diameter_angstrom": 100}
    with picking_steps._ONE_AT_A_TIME:
        answers = [client.post(address, body, format="json") for _ in range(31)]
    assert {answer.status_code for answer in answers[:30]} == {409}
    assert answers[0].json()["code"] == "busy"
    assert answers[30].status_code == 429
