"""What people said of squares leaves as a training set: whole, with author and time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image as Picture
from pytest_django import Settings

from smartscope.domain.errors import InvalidInput
from smartscope.domain.geometry import Affine
from smartscope.management.label_export import MANIFEST, export_labels
from smartscope.models import Image, Label
from smartscope.queries.visible import THE_SERVICE, Reader
from smartscope.storage.current import current_store
from smartscope.training.held_out import HELD_OUT_SHA256, HeldOut
from smartscope.training.split import Split, split_of
from smartscope.training.squares.examples import LABELS
from smartscope.training.squares.real_examples import real_examples
from tests.analysis.pictures import Drawn, draw_atlas
from tests.api.world import World, make_world

pytestmark = pytest.mark.django_db
PIXEL_UM = 58.0 / 42.0


@pytest.fixture
def drawn() -> Drawn:
    return draw_atlas()


@pytest.fixture
def world(tmp_path: Path, settings: Settings, drawn: Drawn) -> World:
    """A world whose first grid has a drawn atlas, with three squares where it shows some."""
    root = tmp_path / "store"
    root.mkdir()
    settings.SMARTSCOPE_STORAGE_URL = root.as_uri()
    made = make_world()
    scene = made.ours
    height, width = drawn.image.pixels.shape
    pixels = drawn.image.pixels - drawn.image.pixels.min()
    grey = (1 + 254 * pixels / pixels.max()).astype(np.uint8)
    Picture.fromarray(grey).save(tmp_path / "atlas.png")
    stored = current_store().copy_in("ours/atlas.png", tmp_path / "atlas.png")
    Image.objects.filter(pk=scene.image.pk).update(
        key=stored.key,
        sha256=stored.sha256,
        width_px=width,
        height_px=height,
        pixel_size_angstrom=1e4 * PIXEL_UM,
        pixel_to_stage=Affine.scaled(PIXEL_UM, drawn.image.stage_of(0, 0), width, height).as_list(),
    )
    middle = np.array([width, height]) / 2
    near = drawn.truth[np.argsort(np.linalg.norm(drawn.truth - middle, axis=1))]
    for square, (x, y) in zip(scene.squares, near, strict=False):
        square.x_px, square.y_px = x, y
        square.diagnostics = {"box_px": [x - 24, y - 24, x + 24, y + 24]}
        square.save()
    return made


def say(world: World, number: int, name: str, person: str = "member") -> None:
    """As an edit does: the row's label and a Label with its author."""
    square = world.ours.squares[number]
    square.label = name
    square.save(update_fields=["label"])
    Label.objects.create(
        resource="square", object_id=square.pk, name=name, author=world.people[person]
    )


def table_of(folder: Path, world: World) -> dict[str, Any]:
    split = split_of(str(world.ours.grid.pk))
    found: dict[str, Any] = json.loads((folder / f"{split.value}.json").read_text("utf-8"))
    return found


def test_the_newest_label_leaves_with_author_time_and_model(world: World, tmp_path: Path) -> None:
    say(world, 0, "cracked", "lead")
    say(world, 0, "dry", "member")
    say(world, 1, "good", "member")
    say(world, 1, "", "member")
    export_labels(THE_SERVICE, current_store(), tmp_path / "set", "coco")
    table = table_of(tmp_path / "set", world)
    (annotation,) = table["annotations"]
    names = {entry["id"]: entry["name"] for entry in table["categories"]}
    assert names[annotation["category_id"]] == "dry"
    assert annotation["author"] == "member"
    assert annotation["labelled_at"].endswith("+00:00")
    assert annotation["model_label"] == "good"
    (image,) = table["images"]
    with Picture.open(tmp_path / "set" / image["file_name"]) as picture:
        assert picture.size == (image["width"], image["height"])
    manifest = json.loads((tmp_path / "set" / MANIFEST).read_text("utf-8"))
    assert image["file_name"] in manifest


def test_yolo_lines_are_shares_of_the_image(world: World, tmp_path: Path) -> None:
    say(world, 2, "small")
    export_labels(THE_SERVICE, current_store(), tmp_path / "set", "yolo")
    split = split_of(str(world.ours.grid.pk)).value
    (line,) = (
        (tmp_path / "set" / "labels" / split / f"{world.ours.grid.pk}.txt")
        .read_text("utf-8")
        .splitlines()
    )
    number, x, y, width, height = (float(word) for word in line.split())
    square = world.ours.squares[2]
    assert number == 1
    assert x * 500 == pytest.approx(square.x_px, abs=0.01)
    assert y * 400 == pytest.approx(square.y_px, abs=0.01)
    assert (width * 500, height * 400) == pytest.approx((48.0, 48.0), abs=0.01)
    assert "1: small" in (tmp_path / "set" / "data.yaml").read_text("utf-8")


def test_nothing_is_written_without_labels_twice_or_for_another_reader(
    world: World, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="Nobody has labelled"):
        export_labels(THE_SERVICE, current_store(), tmp_path / "set", "coco")
    say(world, 0, "good")
    stranger = Reader(world.people["stranger"].pk, sees_everything=False)
    with pytest.raises(InvalidInput, match="Nobody has labelled"):
        export_labels(stranger, current_store(), tmp_path / "set", "coco")
    assert not (tmp_path / "set").exists()
    call_command("export_labels", "--out", str(tmp_path / "set"))
    with pytest.raises(CommandError, match="is there already"):
        call_command("export_labels", "--out", str(tmp_path / "set"))


def test_a_set_that_cannot_be_finished_leaves_nothing(world: World, tmp_path: Path) -> None:
    say(world, 0, "good")
    Image.objects.filter(pk=world.ours.image.pk).update(key="ours/gone.png")
    with pytest.raises(Exception, match="gone"):
        export_labels(THE_SERVICE, current_store(), tmp_path / "set", "coco")
    assert [path.name for path in tmp_path.iterdir() if "set" in path.name] == []


def test_training_reads_the_set_and_refuses_what_is_kept_for_testing(
    world: World, tmp_path: Path
) -> None:
    for number, name in enumerate(("good", "cracked", "small")):
        say(world, number, name)
    export_labels(THE_SERVICE, current_store(), tmp_path / "set", "coco")
    table = table_of(tmp_path / "set", world)
    learnt, kept = (
        next(name for name in map(str, range(999)) if split_of(name) is split)
        for split in (Split.TRAIN, Split.TEST)
    )
    path = tmp_path / "set" / "train.json"
    path.write_text(json.dumps(of_grid(table, learnt)), "utf-8")
    examples = real_examples(tmp_path / "set")
    assert {LABELS[n] for n in examples.labels} == {"good", "cracked", "small"}
    path.write_text(json.dumps(of_grid(table, kept)), "utf-8")
    with pytest.raises(HeldOut, match="kept for test"):
        real_examples(tmp_path / "set")
    table["images"][0]["source_sha256"] = [next(iter(HELD_OUT_SHA256))]
    path.write_text(json.dumps(of_grid(table, learnt)), "utf-8")
    with pytest.raises(HeldOut, match="Sample3"):
        real_examples(tmp_path / "set")


def of_grid(table: dict[str, Any], grid_id: str) -> dict[str, Any]:
    table["images"][0]["grid_id"] = grid_id
    return table
