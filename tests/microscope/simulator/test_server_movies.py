"""Movies that the simulated SerialEM saves: under which name, when they are whole, and how not."""

from __future__ import annotations

from pathlib import Path

import pytest
import tifffile

from tests.microscope.simulator.hand import Bench, Hand, bench

KEY = "00000012_h3_e5"


def saving(hand: Hand, folder: str, *, exposure_s: float = 0.8) -> Hand:
    """Ready to record movies into a folder."""
    hand.ready()
    hand.call("SetFolderForFrames", folder)
    hand.call("SetDoseFracParams", "R", 1, 1, 0)
    hand.call("SetExposure", "R", exposure_s)
    hand.call("SetFrameBaseName", 0, 1, 0, KEY)
    return hand


def movies(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.tif"))


def test_a_movie_bears_our_key_and_what_belongs_to_it(served: Bench, hand: Hand) -> None:
    folder = served.directory / "frames"
    saving(hand, str(folder))
    hand.call("Record")
    whole, where, name = hand.call("ReportLastFrameFile")
    assert (str(whole), str(where)) == (str(folder / str(name)), str(folder))
    assert str(name).startswith(KEY + "_")
    (path,) = movies(folder)
    with tifffile.TiffFile(path) as file:
        assert len(file.pages) == 4, "0.8 s in frames of 0.2 s"
    notes = path.with_name(f"{path.name}.mdoc").read_text()
    assert "NumSubFrames = 4" in notes
    assert "ExposureDose = 8.0000" in notes
    assert list(folder.glob("gain_*.mrc"))
    assert hand.call("ImageConditions", "A") == (8.0, 105000.0)
    assert hand.numbers("ReportMeanCounts", "A")[0] > 0.0


def test_without_an_image_to_return_a_stays_as_it_was(served: Bench, hand: Hand) -> None:
    folder = served.directory / "frames"
    saving(hand, str(folder))
    hand.call("EarlyReturnNextShot", 0)
    hand.call("Record")
    assert hand.header("A").empty
    assert len(movies(folder)) == 1
    hand.call("Record")
    assert not hand.header("A").empty, "for the next shot only"
    assert len({path.name for path in movies(folder)}) == 2


def test_frames_need_a_folder_before_any_dose(served: Bench, hand: Hand) -> None:
    hand.ready()
    hand.call("SetDoseFracParams", "R", 1, 1, 0)
    assert "SetFolderForFrames" in hand.fails("Record")
    assert served.doses(area="record") == []
    hand.fails("ReportLastFrameFile")


def test_a_movie_has_as_many_frames_as_its_frame_time_makes(served: Bench, hand: Hand) -> None:
    folder = served.directory / "frames"
    saving(hand, str(folder), exposure_s=1.5)
    hand.call("SetFrameTime", "R", 0.5)
    hand.call("Record")
    (path,) = movies(folder)
    with tifffile.TiffFile(path) as file:
        assert len(file.pages) == 3
    hand.call("SetExposure", "R", 90.0)
    hand.call("SetFrameTime", "R", 0.1)
    assert "too long" in hand.fails("Record")
    assert len(served.doses(area="record")) == 1


def test_names_end_with_control_unless_kept(served: Bench, hand: Hand) -> None:
    folder = served.directory / "frames"
    saving(hand, str(folder))
    hand.order("Exit", 1)
    hand.answer()
    hand.call("NoMessageBoxOnError", 1)
    hand.call("SetDoseFracParams", "R", 1, 1, 0)
    hand.call("SetExposure", "R", 0.4)
    hand.call("Record")
    assert not str(hand.call("ReportLastFrameFile")[2]).startswith(KEY)


def test_a_drive_letter_lies_in_the_world(served: Bench, hand: Hand) -> None:
    saving(hand, "D:\\frames\\tonight", exposure_s=0.4)
    hand.call("Record")
    whole, where, name = hand.call("ReportLastFrameFile")
    assert (where, whole) == ("D:\\frames\\tonight", f"D:\\frames\\tonight\\{name}")
    drive = served.directory / "world" / "serialem" / "drives" / "D"
    assert len(movies(drive / "frames" / "tonight")) == 1


@pytest.mark.parametrize(
    ("kind", "left", "fails"),
    [("file_missing", 0, False), ("disk_full", 0, True), ("truncated_file", 1, False)],
)
def test_dose_is_spent_whatever_becomes_of_the_file(
    tmp_path: Path, kind: str, left: int, fails: bool
) -> None:
    with bench(tmp_path, faults=[{"kind": kind, "nth": 1}]) as served, served.hand() as hand:
        folder = tmp_path / "frames"
        saving(hand, str(folder), exposure_s=0.4)
        if fails:
            assert "Error writing to file" in hand.fails("Record")
        else:
            hand.call("Record")
        assert len(served.doses(item=KEY)) == 1
        assert len(movies(folder)) == left
        for path in movies(folder):
            with pytest.raises((tifffile.TiffFileError, ValueError, IndexError, RuntimeError)):
                tifffile.imread(path)


@pytest.mark.parametrize("kind", ["file_late", "file_grows"])
def test_a_slow_file_is_whole_when_its_time_has_come(tmp_path: Path, kind: str) -> None:
    fault = {"kind": kind, "nth": 1, "parameters": {"for_s": 100}}
    with bench(tmp_path, faults=[fault]) as served, served.hand() as hand:
        folder = tmp_path / "frames"
        saving(hand, str(folder), exposure_s=0.4)
        hand.call("Record")
        control = served.control
        sizes = []
        for _ in range(3):
            control.advance(control.now_s() + 30.0)
            sizes.append(sum(path.stat().st_size for path in movies(folder)))
        if kind == "file_late":
            assert sizes == [0, 0, 0]
        else:
            assert 0 < sizes[0] < sizes[1] < sizes[2]
        control.advance(control.now_s() + 30.0)
        (path,) = movies(folder)
        assert tifffile.imread(path).shape[0] == 2
        assert not list(folder.glob(".*.aside"))


def test_a_server_that_ends_finishes_its_files(tmp_path: Path) -> None:
    fault = {"kind": "file_late", "nth": 1, "parameters": {"for_s": 1e6}}
    with bench(tmp_path, faults=[fault]) as served, served.hand() as hand:
        saving(hand, str(tmp_path / "frames"), exposure_s=0.4)
        hand.call("Record")
        assert not movies(tmp_path / "frames")
    assert len(movies(tmp_path / "frames")) == 1


def test_several_holes_in_one_command_are_several_exposures(served: Bench, hand: Hand) -> None:
    folder = served.directory / "frames"
    saving(hand, str(folder), exposure_s=0.4)
    hand.call("SetVariable", "xs", "0\n1.5")
    hand.call("SetVariable", "ys", "0\n-1")
    hand.call("SetCustomHoleShifts", "xs", "ys")
    assert hand.call("MultipleRecords", -9, -9, -9, -9, 1, 0, 0, 1, 34) == (2.0,)
    one, two = served.doses(area="record")
    apart = (two["shift_x_um"] - one["shift_x_um"], two["shift_y_um"] - one["shift_y_um"])
    matrix = hand.numbers("ISToSpecimenMatrix", 0)
    x = matrix[0] * 1.5 - matrix[1]
    y = matrix[2] * 1.5 - matrix[3]
    assert apart == pytest.approx((x, -y), abs=0.002)
    assert len(movies(folder)) == 2
    assert hand.numbers("ReportImageShift") == pytest.approx((0.0,) * 6, abs=1e-6)
    (entry,) = served.entries("MultipleRecords")
    assert len(entry["exposures"]) == 2
