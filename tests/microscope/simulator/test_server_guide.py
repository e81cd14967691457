"""docs/simulator.md lists every command and every fault; ACCEPT=1 writes the lists anew."""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path

import pytest

from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.serialem.table import handlers, unsimulated

GUIDE = Path("docs/simulator.md")


def listed(names: list[str]) -> str:
    """Command names as a wrapped paragraph of code words."""
    words = ", ".join(f"`{name}`" for name in sorted(names))
    return "\n".join(textwrap.wrap(words, 108, break_on_hyphens=False)) + "\n"


@pytest.mark.parametrize(
    ("mark", "names"), [("answered", list(handlers())), ("not simulated", list(unsimulated()))]
)
def test_the_guide_lists_the_commands(mark: str, names: list[str]) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    found = re.search(rf"<!-- {mark} -->\n\n?((?:.+\n)*)", text)
    assert found, f"docs/simulator.md has lost its mark {mark}"
    if os.environ.get("ACCEPT"):
        written = (
            text[: found.start()] + f"<!-- {mark} -->\n\n{listed(names)}" + text[found.end() :]
        )
        GUIDE.write_text(written, encoding="utf-8")
    else:
        assert found[1] == listed(names), "run this test with ACCEPT=1 and look at the diff"


def test_the_guide_explains_every_fault() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert [kind for kind in FaultKind if f"`{kind}`" not in text] == []
