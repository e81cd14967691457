"""One is one, and thousands are told apart."""

from __future__ import annotations

import pytest

from smartscope.domain.counted import counted


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 holes"), (1, "1 hole"), (2, "2 holes"), (1204, "1,204 holes"), (0.6, "1 hole")],
)
def test_one_is_one(number: float, words: str) -> None:
    assert counted(number, "hole") == words


def test_what_takes_no_s_says_its_own() -> None:
    assert counted(1, "analysis", "analyses") == "1 analysis"
    assert counted(2, "analysis", "analyses") == "2 analyses"
