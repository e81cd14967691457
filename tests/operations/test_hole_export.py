"""Squares whose holes people put right leave as a training set, and the hole network reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from PIL import Image as Picture
from pytest_django import Settings

from smartscope.domain.actor import Actor
from smartscope.domain.errors import InvalidInput
from smartscope.management.label_export import export_labels
from smartscope.models import Image
from smartscope.operations.edit_targets import edit_holes
from smartscope.operations.hole_shapes import NewHole, add_holes, delete_holes
from smartscope.operations.pending_edit import Manner
from smartscope.operations.square_edits import Wanted
from smartscope.queries.visible import THE_SERVICE, Reader
from smartscope.storage.current import current_store
from smartscope.training.held_out import HeldOut
from smartscope.training.holes.crops import at_scale
from smartscope.training.holes.real_squares import real_squares
from smartscope.training.options import TrainingRefused
from smartscope.training.split import Split, split_of
from tests.api.world import World, make_world

pytestmark = pytest.mark.django_db
PIXEL_UM, SIDE_PX = 0.1, 400
MANNER = Manner(summary="put right")


@pytest.fixture
def world(tmp_path: Path, settings: Settings) -> World:
    """The first square has a picture, and its holes stand 25 px apart in it."""
    root = tmp_path / "store"
    root.mkdir()
    settings.SMARTSCOPE_STORAGE_URL = root.as_uri()
    made = make_world()
    scene = made.ours
    picture = np.random.default_rng(5).integers(40, 200, (SIDE_PX, SIDE_PX)).astype(np.uint8)
    Picture.fromarray(picture).save(tmp_path / "square.png")
    stored = current_store().copy_in("ours/square.png", tmp_path / "square.png")
    Image.objects.filter(pk=scene.image.pk).update(
        key=stored.key,
        sha256=stored.sha256,
        width_px=SIDE_PX,
        height_px=SIDE_PX,
        pixel_size_angstrom=1e4 * PIXEL_UM,
        pixel_to_stage=[PIXEL_UM, 0, 0, 0, PIXEL_UM, 0],
    )
    square = scene.squares[0]
    square.picture = square.image = Image.objects.get(pk=scene.image.pk)
    square.save()
    for number, hole in enumerate(square.holes.order_by("number")):
        hole.x_px, hole.y_px = 100.0 + 25 * (number % 4), 100.0 + 25 * (number // 4)
        hole.radius_um = 0.6
        hole.save()
    return made


@pytest.fixture
def person(world: World) -> Actor:
    return Actor("user", "member", world.people["member"].pk)


def table_of(folder: Path, world: World) -> dict[str, Any]:
    split = split_of(str(world.ours.grid.pk))
    found: dict[str, Any] = json.loads((folder / f"{split.value}.json").read_text("utf-8"))
    return found


def export(folder: Path) -> None:
    export_labels(THE_SERVICE, current_store(), folder, "coco", of="holes")


def test_a_square_that_was_put_right_leaves_with_all_its_holes(
    world: World, person: Actor, tmp_path: Path
) -> None:
    square = world.ours.squares[0]
    with pytest.raises(InvalidInput, match="put it right"):
        export(tmp_path / "none")
    free = [hole for hole in square.holes.order_by("number") if hole.status == "found"]
    edit_holes(person, [free[0].pk], Wanted(label="thick"), MANNER)
    add_holes(person, square.pk, [NewHole(300.0, 200.0, 0.6)], predicted=False, manner=MANNER)
    delete_holes(person, [free[-1].pk], MANNER)
    call_command("export_labels", "--of", "holes", "--out", str(tmp_path / "set"))
    table = table_of(tmp_path / "set", world)
    names = {entry["id"]: entry["name"] for entry in table["categories"]}
    said = {row["hole"]: (names[row["category_id"]], row["author"]) for row in table["annotations"]}
    assert said.pop(free[0].slug) == ("thick", "member")
    assert free[-1].slug not in said
    assert set(said.values()) == {("hole", "")}
    added = next(row for row in table["annotations"] if row["bbox"][0] > 280)
    assert added["bbox"] == pytest.approx([294.0, 194.0, 12.0, 12.0])
    (image,) = table["images"]
    assert (image["level"], image["width"]) == ("square", SIDE_PX)
    assert image["film"]["pitch_um"] > 0
    with Picture.open(tmp_path / "set" / image["file_name"]) as picture:
        assert picture.size == (SIDE_PX, SIDE_PX)


def test_nobody_gets_what_they_may_not_see(world: World, person: Actor, tmp_path: Path) -> None:
    hole = world.ours.squares[0].holes.filter(status="found").first()
    assert hole is not None
    edit_holes(person, [hole.pk], Wanted(label="good"), MANNER)
    stranger = Reader(world.people["stranger"].pk, sees_everything=False)
    with pytest.raises(InvalidInput, match="put it right"):
        export_labels(stranger, current_store(), tmp_path / "set", "coco", of="holes")


def test_the_hole_network_learns_from_it_what_people_could_tell(
    world: World, person: Actor, tmp_path: Path
) -> None:
    hole = world.ours.squares[0].holes.filter(status="found").first()
    assert hole is not None
    edit_holes(person, [hole.pk], Wanted(label="contaminated"), MANNER)
    export(tmp_path / "set")
    table = table_of(tmp_path / "set", world)
    learnt, kept = (
        next(name for name in map(str, range(999)) if split_of(name) is split)
        for split in (Split.TRAIN, Split.TEST)
    )
    path = tmp_path / "set" / "train.json"
    table["images"][0]["grid_id"] = learnt
    path.write_text(json.dumps(table), "utf-8")
    (square,) = real_squares(tmp_path / "set")
    prepared = at_scale(square, square.pixels, square.imaged, square.pitch_px)
    assert prepared is not None
    centre, disc, dirt, opening = prepared.weights
    assert (disc.min(), dirt.max(), opening.max()) == (1.0, 0.0, 0.0)
    assert centre.min() == 0.0  # about the hidden hole
    assert prepared.maps[0].max() > 0.9  # the others are there
    table["images"][0]["grid_id"] = kept
    path.write_text(json.dumps(table), "utf-8")
    with pytest.raises(HeldOut, match="kept for test"):
        real_squares(tmp_path / "set")
    table["images"][0] |= {"grid_id": learnt, "level": "atlas"}
    path.write_text(json.dumps(table), "utf-8")
    with pytest.raises(TrainingRefused, match="export_labels --of holes"):
        real_squares(tmp_path / "set")
