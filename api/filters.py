"""Query parameters that narrow a list: declared per resource, everything else is refused.

`status=queued,found` is either; `ctf_fit_angstrom__lt=5` compares; `label__isnull=true` asks for
what is not known yet.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from api.problems import Problem

COMPARISONS = ("lt", "lte", "gt", "gte")
MOST_VALUES = 1_000


class Kind(StrEnum):
    REFERENCE = "reference"
    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: where it looks, what it takes. A reference is an id, or a slug at `slug_path`."""

    path: str
    kind: Kind = Kind.TEXT
    slug_path: str = ""
    nullable: bool = False

    @property
    def suffixes(self) -> tuple[str, ...]:
        """What may follow the name: `__lt` and so on, `__in`, `__isnull`."""
        ordered = COMPARISONS if self.kind in (Kind.NUMBER, Kind.TIME) else ()
        several = () if self.kind is Kind.FLAG else ("in",)
        return (*ordered, *several, *(("isnull",) if self.nullable else ()))


def where(parameters: QueryDict, filters: Mapping[str, Filter]) -> Q:
    """The condition of all given parameters together.

    Raises Problem `unknown_filter` for a name that is not declared, `validation_failed` for a
    value that is not of its kind.
    """
    condition = Q()
    for name, values in parameters.lists():
        base, _, suffix = name.partition("__")
        found = filters.get(base)
        if found is None or (suffix and suffix not in found.suffixes):
            known = ", ".join(sorted(filters)) or "none"
            raise Problem("unknown_filter", f"'{name[:60]}' is no filter here; known: {known}.")
        for value in values:
            condition &= _condition(name, found, suffix, value)
    return condition


def is_uuid(text: str) -> bool:
    """Whether the text is an id rather than a slug."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _condition(name: str, wanted: Filter, suffix: str, text: str) -> Q:
    if "\0" in text:
        raise _unusable(name, "must not contain a null character.")
    if suffix == "isnull":
        return Q(**{f"{wanted.path}__isnull": _flag(name, text)})
    if suffix in COMPARISONS:
        return Q(**{f"{wanted.path}__{suffix}": _value(name, wanted.kind, text)})
    parts = text.split(",")
    if len(parts) > MOST_VALUES:
        raise _unusable(name, f"takes at most {MOST_VALUES} values at once.")
    if wanted.kind is Kind.REFERENCE:
        return _references(name, wanted, parts)
    return Q(**{f"{wanted.path}__in": [_value(name, wanted.kind, part) for part in parts]})


def _references(name: str, wanted: Filter, parts: list[str]) -> Q:
    ids = [part for part in parts if is_uuid(part)]
    slugs = [part for part in parts if not is_uuid(part)]
    if slugs and not wanted.slug_path:
        raise _unusable(name, "must be an id.")
    condition = Q(**{f"{wanted.path}__in": ids}) if ids else Q()
    return condition | Q(**{f"{wanted.slug_path}__in": slugs}) if slugs else condition


def _value(name: str, kind: Kind, text: str) -> Any:
    match kind:
        case Kind.NUMBER:
            return _number(name, text)
        case Kind.FLAG:
            return _flag(name, text)
        case Kind.TIME:
            return _time(name, text)
        case _:
            return text


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    # beyond this an integer column cannot be compared with it
    if not math.isfinite(number) or abs(number) > 1e15:
        raise _unusable(name, "must be a number.")
    return number


def _flag(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise _unusable(name, "must be true or false.")
    return text == "true"


def _time(name: str, text: str) -> Any:
    try:
        time = parse_datetime(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise _unusable(name, "must be a time with its offset, such as 2026-11-21T02:13:44Z.")
    return time


def _unusable(name: str, sentence: str) -> Problem:
    return Problem("validation_failed", f"{name}: {sentence}", {name: sentence})
