"""The built-in plug-ins keep the contract that outside authors are asked to keep."""

from __future__ import annotations

import pytest

from smartscope.analysis import contract, registry
from smartscope.analysis.base import FindContext, Level
from tests.analysis.pictures import Drawn, draw_atlas, draw_film

CASES: dict[str, tuple[Level, Drawn]] = {
    "classical-squares": (Level.ATLAS, draw_atlas(angle_deg=9.0)),
    "network-squares": (Level.ATLAS, draw_atlas(angle_deg=9.0)),
    "classical-holes": (Level.SQUARE, draw_film()),
    "network-holes": (Level.SQUARE, draw_film()),
}


@pytest.mark.parametrize("name", CASES)
def test_manifests_declare_kind_and_labels(name: str) -> None:
    contract.check_manifest(registry.finder(name))


@pytest.mark.parametrize("name", CASES)
def test_awkward_images_are_answered(name: str) -> None:
    level, drawn = CASES[name]
    contract.check_awkward_images(registry.finder(name), level, drawn.context)
    contract.check_awkward_images(registry.finder(name), level, FindContext())


@pytest.mark.parametrize("name", CASES)
def test_findings_are_well_formed_and_repeatable(name: str) -> None:
    finder, (_, drawn) = registry.finder(name), CASES[name]
    contract.check_findings(finder, drawn.image, finder.find(drawn.image, drawn.context))
    contract.check_determinism(finder, drawn.image, drawn.context)


@pytest.mark.parametrize("name", CASES)
def test_grey_scale_and_turning_do_not_move_targets(name: str) -> None:
    finder, (_, drawn) = registry.finder(name), CASES[name]
    contract.check_grey_change(finder, drawn.image, drawn.context)
    contract.check_quarter_turn(finder, drawn.image, drawn.context)


@pytest.mark.parametrize("name", ["size", "grey-level", "distance", "ice", "class"])
def test_selectors_answer_for_every_target(name: str) -> None:
    _, drawn = CASES["classical-holes"]
    found = registry.finder("classical-holes").find(drawn.image, drawn.context)
    contract.check_selector(registry.selector(name), drawn.image, found)


def test_an_unknown_plugin_is_unavailable_with_a_reason() -> None:
    with pytest.raises(registry.PluginUnavailable, match="no plug-in called 'yolo-9000'"):
        registry.finder("yolo-9000")


def test_a_plugin_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(registry.PluginUnavailable, match="is a selector, not a finder"):
        registry.finder("size")


def test_every_built_in_plugin_loads_or_waits_for_weights_or_torch() -> None:
    present, absent = registry.survey()
    waiting = {entry.name for entry in absent} & set(registry.BUILT_IN)
    assert waiting <= registry.WITHOUT_WEIGHTS | registry.NEEDS_TORCH
    assert {card.manifest.name for card in present} >= set(registry.BUILT_IN) - waiting


@pytest.mark.parametrize("name", sorted(registry.WITHOUT_WEIGHTS))
def test_a_plugin_without_weights_says_what_to_do_and_still_shows_its_card(name: str) -> None:
    with pytest.raises(registry.PluginUnavailable, match=r"train or install|is named; set"):
        registry.finder(name)
    assert registry.card(name).name == name
