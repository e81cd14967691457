"""Labels of squares are downloaded as COCO and YOLO, with who gave them and when."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from smartscope.models import Image, Square
from tests.api.conftest import As
from tests.api.test_editing import API, bulk
from tests.api.world import World


@pytest.fixture
def labelled(as_: As, world: World) -> Square:
    """One square that a member called cracked, 40 by 20 px about (100, 50)."""
    square = world.ours.squares[0]
    Square.objects.filter(pk=square.pk).update(diagnostics={"box_px": [80.0, 40.0, 120.0, 60.0]})
    Image.objects.filter(pk=world.ours.image.pk).update(pixel_to_stage=[0.1, 0, 0, 0, 0.1, 0])
    bulk(as_("member"), "squares", [square], set={"label": "cracked"})
    return square


def download(as_: As, world: World, form: str, person: str = "member") -> Any:
    return as_(person).get(f"{API}/sessions/{world.ours.session.pk}/labels.{form}")


def test_a_coco_table_says_who_labelled_what(as_: As, world: World, labelled: Square) -> None:
    answer = download(as_, world, "coco")
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    table = json.loads(answer.content)
    names = {each["id"]: each["name"] for each in table["categories"]}
    (said,) = table["annotations"]
    assert (names[said["category_id"]], said["bbox"]) == ("cracked", [80.0, 40.0, 40.0, 20.0])
    assert (said["square"], said["author"]) == (labelled.slug, "member")
    assert said["labelled_at"].endswith("+00:00")
    assert (table["images"][0]["width"], table["images"][0]["height"]) == (1_000, 1_000)


def test_yolo_lines_are_shares_of_the_atlas(as_: As, world: World, labelled: Square) -> None:
    answer = download(as_, world, "yolo")
    assert answer["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    (name,) = [name for name in archive.namelist() if name.startswith("labels/")]
    number, *shares = archive.read(name).decode().split()
    assert [float(share) for share in shares] == [0.1, 0.05, 0.04, 0.02]
    assert f"{number}: cracked" in archive.read("data.yaml").decode()
    assert json.loads(archive.read("labels.json"))["annotations"][0]["author"] == "member"
    assert download(as_, world, "yolo").content == answer.content


@pytest.mark.parametrize("form", ["coco", "yolo"])
def test_without_labels_it_says_what_to_do(form: str, as_: As, world: World) -> None:
    answer = download(as_, world, form)
    assert answer.status_code == 404
    assert "label some" in answer.json()["detail"]


@pytest.mark.parametrize("form", ["coco", "yolo"])
@pytest.mark.parametrize("person", ["viewer", "stranger", "nobody", "staff"])
def test_labels_follow_their_session(
    form: str, person: str, as_: As, world: World, labelled: Square
) -> None:
    expected = 200 if person in ("viewer", "staff") else 404
    assert download(as_, world, form, person).status_code == expected
