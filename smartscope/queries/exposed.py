"""An exposure as the ranking judges it, out of the columns of its row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from smartscope.domain.ranking import Exposed
from smartscope.models import Exposure

_COLUMNS = (
    "label",
    "drift_total_angstrom",
    "ice_thickness_nm",
    "ctf_fit_angstrom",
    "ctf_refusal",
    "quality_class",
    "quality_probability",
    "particles",
)


def exposed(rows: QuerySet[Exposure], *beside: str) -> Iterator[tuple[tuple[Any, ...], Exposed]]:
    """Each row's columns `beside`, and what it is judged by. One query."""
    for values in rows.values_list(*beside, *_COLUMNS):
        label, drift, ice, ctf, refusal, seen, sure, particles = values[len(beside) :]
        judged = Exposed(label, drift, ice, ctf, bool(refusal), seen, sure, particles)
        yield values[: len(beside)], judged
