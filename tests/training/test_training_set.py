"""Labelled images from seeds: they say what is in them, and the same seed says it again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from numpy.typing import NDArray
from PIL import Image as Picture

from smartscope.training.atlases import atlas_sample, stream_atlases
from smartscope.training.held_out import HeldOut, Purpose, require_allowed
from smartscope.training.samples import SquareSample
from smartscope.training.specimens import grid_id_of
from smartscope.training.split import Split, split_of
from smartscope.training.square_images import square_sample, stream_square_images

#: an atlas of seed 7 that is small, so that it is quick to render
SMALL_ATLAS = 5
EXPECTED = [Split.TRAIN] * 9 + [Split.TUNE, Split.TEST, Split.TRAIN]


def on_lattice(sample: SquareSample) -> float:
    """Median distance of the holes from their lattice, in pitches."""
    assert sample.lattice_px is not None
    assert sample.origin_px is not None
    basis = np.array(sample.lattice_px)
    away = np.array([hole.centre_px for hole in sample.holes]) - sample.origin_px
    order = np.argsort(np.hypot(*away.T))[:30]
    index = np.linalg.solve(basis, away[order].T)
    rest = basis @ (index - np.rint(index))
    return float(np.median(np.hypot(*rest)) / np.sqrt(abs(np.linalg.det(basis))))


def test_a_grid_is_in_one_split_for_ever() -> None:
    # written down once: a change would move test grids into training
    assert [split_of(f"grid-{n}") for n in range(12)] == EXPECTED
    many = [split_of(str(n)) for n in range(4000)]
    assert many.count(Split.TEST) == pytest.approx(400, abs=70)
    assert many.count(Split.TUNE) == pytest.approx(400, abs=70)


def test_a_stream_holds_only_grids_of_its_split() -> None:
    numbers = [sample.number for sample in stream_square_images(7, Split.TUNE, count=2)]
    splits = [split_of(grid_id_of("holes", 7, n)) for n in range(numbers[-1] + 1)]
    assert numbers == [n for n, split in enumerate(splits) if split is Split.TUNE]


def test_the_same_number_is_the_same_atlas() -> None:
    first, second = atlas_sample(7, SMALL_ATLAS), atlas_sample(7, SMALL_ATLAS)
    assert np.array_equal(first.pixels, second.pixels)
    assert first.squares == second.squares
    assert first.conditions == second.conditions


def test_squares_of_an_atlas_are_where_it_is_bright() -> None:
    """Labels of good squares lie on openings: brighter there than on the bars round them."""
    sample = next(stream_atlases(7, None, first=SMALL_ATLAS, count=1))
    good = [square for square in sample.squares if square.label == "good"]
    assert good
    for square in good:
        x, y = square.centre_px
        (ax, ay), (bx, by), (cx, cy), _ = square.polygon_px
        side = np.hypot(bx - ax, by - ay)
        step = np.array([bx - cx, by - cy]) / side
        bar_px = (0.5 * sample.mesh.opening_um + 0.5 * sample.mesh.bar_um) / sample.pixel_size_um
        inside = _mean(sample.pixels, x, y)
        if inside is None:
            continue
        beside = [_mean(sample.pixels, *(np.array([x, y]) + s * step * bar_px)) for s in (-1, 1)]
        assert all(inside > 2 * value for value in beside if value is not None)


def _mean(pixels: NDArray[np.uint16], x: float, y: float) -> float | None:
    height, width = pixels.shape
    column, row = round(x), round(y)
    if not (4 <= column < width - 4 and 4 <= row < height - 4):
        return None
    return float(pixels[row - 3 : row + 4, column - 3 : column + 4].mean())


@pytest.mark.parametrize("number", range(4))
def test_holes_lie_on_their_lattice_also_when_tilted(number: int) -> None:
    samples = [square_sample(7, 4 * number + n) for n in range(4)]
    shown = [sample for sample in samples if len(sample.holes) > 20]
    assert shown
    for sample in shown:
        # the film is warped by a third of a micron; a lattice that forgot the tilt is off by more
        assert on_lattice(sample) < 0.12
        for hole in sample.holes:
            long, short = hole.axes_px
            assert short / long == pytest.approx(np.cos(np.radians(sample.tilt_deg)), abs=0.04)


def test_a_set_is_written_with_every_label_and_the_same_bytes_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        call_command("make_training_set", "holes", out=tmp_path / name, count=3, seed=7, first=2)
    one, two = (sorted((tmp_path / name).rglob("*.*")) for name in ("one", "two"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    found = [json.loads(path.read_text()) for path in (tmp_path / "one").glob("*.json")]
    images = [image for part in found for image in part["images"]]
    labels = [label for part in found for label in part["annotations"]]
    assert {image["id"] for image in images} == {2, 3, 4}
    for image in images:
        sample = square_sample(7, image["id"])
        stored = np.asarray(Picture.open(tmp_path / "one" / image["file_name"]))
        assert np.array_equal(stored, sample.pixels)
        own = [label for label in labels if label["image_id"] == image["id"]]
        assert len(own) == len(sample.holes) + len(sample.contaminants)
        assert image["pixel_size_um"] == pytest.approx(sample.pixel_size_um, rel=1e-6)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("work of days")
    with pytest.raises(CommandError, match="not empty"):
        call_command("make_training_set", "squares", out=tmp_path, count=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_set_that_breaks_off_has_no_coco_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smartscope.training import coco

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(coco, "_save", full)
    with pytest.raises(OSError, match="No space"):
        call_command("make_training_set", "holes", out=tmp_path / "set", count=1, seed=7)
    assert not list((tmp_path / "set").glob("*.json"))


def test_the_test_atlas_is_refused_by_name_and_by_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smartscope.training import held_out

    atlas = tmp_path / "Sample3" / "atlas.jpg"
    atlas.parent.mkdir()
    atlas.write_bytes(b"a test image")
    copy = tmp_path / "harmless.jpg"
    copy.write_bytes(b"a test image")
    with pytest.raises(HeldOut, match="Sample3"):
        require_allowed(atlas, Purpose.TRAIN)
    assert require_allowed(atlas, Purpose.TEST) == atlas
    assert require_allowed(copy, Purpose.TUNE) == copy
    monkeypatch.setattr(held_out, "HELD_OUT_SHA256", {held_out.digest_of(copy): "the atlas"})
    with pytest.raises(HeldOut, match="another name"):
        require_allowed(copy, Purpose.TUNE)
