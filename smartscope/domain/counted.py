"""How many of something, as a sentence says it."""

from __future__ import annotations


def counted(number: float, one: str, many: str = "") -> str:
    """`1 hole`, `1,204 holes`; `many` where an s is not enough: counted(2, "axis", "axes")."""
    return f"{number:,.0f} {one if round(number) == 1 else many or one + 's'}"
