"""Pictures leave by id: previews and tiles that were derived, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from smartscope.analysis.previews.jpeg import preview_jpeg
from smartscope.analysis.previews.tiles import write_tiles
from smartscope.models import Image
from smartscope.storage.current import current_store
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"


@pytest.fixture
def image(world: World, settings: Any, tmp_path: Any) -> Image:
    """An image with its preview and tiles in a store of its own."""
    settings.SMARTSCOPE_STORAGE_URL = tmp_path.as_uri()
    pixels = np.random.default_rng(3).normal(size=(700, 900)).astype(np.float32)
    store = current_store()
    image = world.ours.image
    image.tiles_key, image.preview_key = "s/g/tiles/a.zip", "s/g/previews/a.jpg"
    store.write_atomic(image.tiles_key, lambda out: write_tiles(out, pixels))
    store.write_atomic(image.preview_key, lambda out: out.write(preview_jpeg(pixels)))
    image.save()
    return image


def test_a_preview_is_a_jpeg_that_browsers_may_keep(as_: As, image: Image) -> None:
    answer = as_("viewer").get(f"{API}/images/{image.pk}/preview", headers={"Accept": "image/webp"})
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xff\xd8")
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"


def test_every_tile_named_by_the_information_is_there(as_: As, image: Image) -> None:
    client = as_("viewer")
    base = f"{API}/images/{image.pk}"
    info = client.get(f"{base}/info.json").json()
    assert (info["width"], info["height"]) == (900, 700)
    assert info["id"] == f"http://testserver{base}"
    for region, size in (("0,0,512,512", "512,512"), ("512,512,388,188", "388,188")):
        answer = client.get(f"{base}/{region}/{size}/0/default.jpg")
        assert answer.content.startswith(b"\xff\xd8")


@pytest.mark.parametrize("region", ["1,2,3,4", "..", "%2e%2e%2fetc", "%00", "full%0a"])
def test_what_was_not_prepared_is_not_made_up(region: str, as_: As, image: Image) -> None:
    answer = as_("viewer").get(f"{API}/images/{image.pk}/{region}/5,5/0/default.jpg")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_lost_file_is_said_to_be_not_made_yet(as_: As, image: Image) -> None:
    current_store().delete(image.preview_key)
    answer = as_("viewer").get(f"{API}/images/{image.pk}/preview")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_derived_yet")


def test_where_a_file_lies_is_told_to_nobody(as_: As, image: Image) -> None:
    shown = as_("admin").get(f"{API}/images/{image.pk}").content.decode()
    assert image.tiles_key not in shown
    assert image.key not in shown
