"""A plug-in's card can be read without loading the plug-in, and says the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smartscope.analysis import registry

ROOT = Path(__file__).resolve().parents[2]


NEEDS_MORE = registry.WITHOUT_WEIGHTS | registry.NEEDS_TORCH


@pytest.mark.parametrize("name", sorted(set(registry.BUILT_IN) - NEEDS_MORE))
def test_a_card_says_what_its_plug_in_says(name: str) -> None:
    assert registry.CARDS.keys() == registry.BUILT_IN.keys()
    assert registry.card(name) == registry.plugin(name).manifest


def test_the_card_of_an_unknown_plug_in_is_not_there() -> None:
    with pytest.raises(registry.PluginUnavailable, match="no plug-in called 'nobody'"):
        registry.card("nobody")


def test_reading_a_card_compiles_and_loads_nothing() -> None:
    script = (
        "import sys; from smartscope.analysis import registry\n"
        "registry.card('classical-squares'), registry.card('whole-frame')\n"
        "heavy = {'numba', 'scipy.optimize', 'smartscope.analysis.movies.aligner'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
