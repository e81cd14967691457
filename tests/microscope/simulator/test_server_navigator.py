"""The simulated SerialEM's Navigator: items by place, maps by image, and back to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.microscope.simulator.hand import Bench, Hand, bench


@pytest.fixture
def opened(hand: Hand) -> Hand:
    """A client with an open Navigator."""
    hand.ok_to_run()
    hand.call("NoMessageBoxOnError", 1)
    hand.call("OpenNavigator")
    return hand


def test_without_a_navigator_nothing_of_it_works(served: Bench, hand: Hand) -> None:
    hand.call("NoMessageBoxOnError", 1)
    assert hand.call("ReportIfNavOpen") == (0.0,)
    assert hand.call("ReportNumNavAcquire") == (-1.0, -1.0)
    assert hand.fails("AddStagePosAsNavPoint", 1, 2, 3) == "The Navigator is not open"


def test_items_are_counted_from_one_and_from_the_end(opened: Hand) -> None:
    assert opened.call("AddStagePosAsNavPoint", 10, 20, 3) == (1.0,)
    assert opened.call("AddStagePosAsNavPoint", -5, 6, 1) == (2.0,)
    assert opened.call("ReportOtherItem", -1) == (2.0, -5.0, 6.0, 1.0, 0.0)
    assert opened.call("ReportOtherItem", 1) == (1.0, 10.0, 20.0, 3.0, 0.0)
    assert "out of range" in opened.fails("ReportOtherItem", 3)
    assert "already open" in opened.fails("OpenNavigator")
    opened.call("ChangeItemNote", 1, "the first")
    assert opened.call("NavIndexWithNote", "the first") == (1.0,)
    assert opened.call("NavIndexWithLabel", "nobody") == (0.0,)
    opened.call("MoveToNavItem", 1)
    assert opened.call("ReportStageXYZ") == (10.0, 20.0, 3.0)
    opened.call("SetItemAcquire", 2)
    assert opened.call("ReportNumNavAcquire") == (1.0, 0.0)
    opened.call("DeleteNavigatorItem", 1)
    assert opened.call("ReportNumTableItems") == (1.0,)


def test_a_group_hands_its_places_over_in_variables(opened: Hand) -> None:
    (group,) = opened.numbers("GetUniqueNavID")
    for x in (1.0, 2.0, 3.0):
        opened.call("AddStagePosAsNavPoint", x, -x, 0, 0 if x == 2.0 else int(group))
    assert opened.call("GetNavGroupStageCoords", int(group), "gx", "gy") == (2.0,)
    assert opened.call("GetVariable", "gx") == ("1.0000\n3.0000",)
    assert opened.call("GetVariable", "gy") == ("-1.0000\n-3.0000",)
    assert opened.numbers("ReportGroupStatus")[:3] == (2.0, group, 2.0)


def test_its_file_is_read_as_it_was_written(opened: Hand, served: Bench) -> None:
    opened.call("SetVariable", "px", "-30\n30\n0")
    opened.call("SetVariable", "py", "-20\n-20\n40")
    opened.call("AddStagePointsAsPolygon", "px", "py", 2)
    opened.call("AddStagePosAsNavPoint", 10, 20, 3, 7)
    opened.call("ChangeItemNote", 2, "a hole")
    opened.call("SetItemAcquire", 2)
    opened.call("SaveNavigator", "night.nav")
    text = (served.directory / "world" / "serialem" / "night.nav").read_text()
    assert text.startswith("AdocVersion = 2.00")
    assert "PtsX = -30.000 30.000 0.000 -30.000" in text, "polygons are closed"
    before = [opened.call("ReportOtherItem", n) for n in (1, 2)]
    opened.call("CloseNavigator")
    opened.call("ReadNavFile", "night.nav")
    assert [opened.call("ReportOtherItem", n) for n in (1, 2)] == before
    assert opened.call("ReportItemAcquire", 2) == (1.0,)
    assert opened.call("GetVariable", "navNote") == ("a hole",)
    assert opened.call("ReportNavFile", 1)[:2] == ("night", ".nav")
    assert opened.call("ReportIfNavOpen") == (2.0,)


def test_a_polygon_says_how_many_pieces_it_needs(opened: Hand) -> None:
    opened.call("SetVariable", "px", "-300\n300\n300\n-300")
    opened.call("SetVariable", "py", "-200\n-200\n200\n200")
    opened.call("AddStagePointsAsPolygon", "px", "py", 0)
    assert "not in the command list" in opened.fails("AssessPolygonMontage", 1, 0), "it is 4.3's"
    opened.call("SetupPolygonMontage", 1, 0.1, "p.mrc")
    assert opened.call("ReportNumMontagePieces") == (4.0,)
    opened.call("CloseFile")
    assert opened.call("ReportNumMontagePieces") == (1.0,)
    opened.call("SetupFullMontage", 0.1, "full.mrc")
    (pieces,) = opened.numbers("ReportNumMontagePieces")
    assert 40 <= pieces < 54, "the corners of the rectangle lie beyond the grid"
    assert "fraction" in opened.fails("SetupFullMontage", 0.6, "other.mrc")


def test_a_point_on_a_map_is_found_again_at_another_load(tmp_path: Path) -> None:
    """The stage errs by a micron or so; realigning to the map takes that out."""
    with bench(tmp_path, refills=False) as served, served.hand() as hand:
        hand.ready()
        hand.call("OpenNavigator")
        x, y = served.good_square()
        hand.call("MoveStageTo", x, y)
        hand.call("GoToLowDoseArea", "S")
        hand.call("Search")
        hand.call("OpenNewFile", "square.mrc")
        hand.call("Save", "A")
        assert hand.call("NewMap") == (1.0,)
        width, height = hand.numbers("ImageProperties", "A")[:2]
        (index,) = hand.numbers("AddImagePosAsNavPoint", "A", width / 2 + 40, height / 2 - 30)
        assert hand.call("NavIndexItemDrawnOn", int(index)) == (1.0,)
        wanted = served.control.truth("centre", area="square")
        hand.call("MoveStageTo", 300, -200)
        hand.call("RealignToOtherItem", int(index), 0)
        there = served.control.truth("centre", area="square")
        assert there["x_um"] - wanted["x_um"] == pytest.approx(40 * 0.08, abs=0.2)
        assert there["y_um"] - wanted["y_um"] == pytest.approx(-30 * 0.08, abs=0.2)
        assert len(served.doses(routine="realign")) == 2
