"""Truth leaves through the witness alone, and says where things really are."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from smartscope.microscope.simulator import truth
from smartscope.microscope.simulator.specimen.values import SquareLabel
from smartscope.microscope.values import (
    AcquiredImage,
    Area,
    ImageShift,
    RecordedFile,
    RecordItem,
    RecordPlan,
)
from tests.microscope.rig import Rig


def test_a_holes_true_pixel_is_brighter_than_the_film_beside_it(rig: Rig, tmp_path: Path) -> None:
    place = rig.ready().good_square()
    rig.microscope.stage.move_to(place)
    image = rig.microscope.camera.image(Area.HOLE)
    line = truth.truth_of(rig.notebook.seen[-1])
    holes = [each for each in line["holes"] if each["visible"] and each["fault"] == "none"]
    inside = [(round(y), round(x)) for x, y in (each["centre_px"] for each in holes)]
    height, width = image.pixels.shape
    inside = [(y, x) for y, x in inside if 20 < y < height - 20 and 20 < x < width - 20]
    assert inside
    centres = [image.pixels[y - 15 : y + 16, x - 15 : x + 16].mean() for y, x in inside]
    assert np.mean(centres) > 1.02 * float(np.median(image.pixels.astype(np.float64)))


def test_each_image_is_one_line_and_movies_bring_arrays(
    rig: Rig, tmp_path: Path, exposures: Path
) -> None:
    rig.ready().microscope.stage.move_to(rig.good_square())
    item = RecordItem(
        name="a", image_shift=ImageShift(0, 0), defocus_um=1.2, dose_e_per_a2=20, frames=2
    )
    rig.microscope.camera.image(Area.ATLAS)
    rig.microscope.camera.record(RecordPlan(items=(item,), folder=exposures))
    sink = truth.TruthFile(tmp_path / "truth" / "truth.jsonl")
    for image in rig.notebook.seen:
        sink.saw(image)
    atlas, movie = truth.read(tmp_path / "truth" / "truth.jsonl")
    assert {each["label"] for each in atlas["squares"]} <= set(SquareLabel)
    assert movie["record"]["defocus_u_angstrom"] >= movie["record"]["defocus_v_angstrom"]
    assert movie["true"]["defocus_angstrom"] != movie["commanded"]["defocus_angstrom"]
    arrays = np.load(tmp_path / "truth" / movie["arrays"])
    assert arrays["noise_free"].shape == tuple(movie["shape"])
    assert json.dumps(atlas)


@pytest.mark.parametrize("kind", [AcquiredImage, RecordedFile])
def test_what_a_driver_returns_has_no_room_for_truth(kind: type) -> None:
    names = {field.name for field in fields(kind)}
    assert not {name for name in names if "true" in name or "truth" in name or "specimen" in name}
