"""A finer sum is asked for over the API: by who may edit, once, and of what has a movie."""

from __future__ import annotations

import pytest

from smartscope.models import Analysis, Event, Exposure, FineSum, Image, ImageKind
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"
EDITORS = ("member", "granted", "lead", "operator", "staff", "admin")


@pytest.fixture
def address(world: World) -> str:
    """The route of an analysed exposure that has a movie of 30 frames."""
    ours = world.ours
    movie = Image.objects.create(
        grid=ours.grid,
        kind=ImageKind.MOVIE,
        key="ours/g01/movie/g01-s01-h01.mrc",
        sha256="0" * 64,
        bytes=1,
        width_px=512,
        height_px=512,
        sections=30,
        pixel_size_angstrom=1.0,
        taken_at_s=1.0,
    )
    Exposure.objects.filter(pk=ours.exposure.pk).update(movie=movie, frames=30, status="analysed")
    return f"{API}/exposures/{ours.exposure.pk}/fine-sum"


@pytest.mark.parametrize("person", [*EDITORS, "viewer", "stranger", "nobody"])
def test_who_may_edit_may_ask(person: str, address: str, as_: As) -> None:
    answer = as_(person).post(address, headers={"Idempotency-Key": "k"})
    if person in EDITORS:
        assert answer.status_code == 202, answer.content
        assert answer.json()["fine_sum"]["state"] == "wanted"
        assert Event.objects.filter(kind="exposure.fine_sum_wanted").count() == 1
    else:
        assert answer.status_code == (403 if person == "viewer" else 404)
        assert not FineSum.objects.exists()


def test_asking_again_changes_nothing(address: str, as_: As) -> None:
    for key in ("one", "two"):
        assert as_("member").post(address, headers={"Idempotency-Key": key}).status_code == 202
    assert Analysis.objects.filter(kind="fine_sum").count() == 1


def test_an_exposure_without_a_movie_says_so(address: str, as_: As) -> None:
    Exposure.objects.update(movie=None)
    answer = as_("member").post(address, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 409
    assert "has no movie" in answer.json()["detail"]
