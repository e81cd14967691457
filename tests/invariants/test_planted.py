"""The checker is proved: a sound session shows nothing, and each planted violation is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import transaction

from smartscope.models import Hole, Run
from tests.invariants.checker import violations
from tests.invariants.evidence import Evidence
from tests.invariants.plants import PLANTS
from tests.workers.bridge.served_house import ServedHouse, served_house

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def _undone() -> Iterator[None]:
    """What is planted in the rows is taken out again."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _names(evidence: Evidence) -> set[str]:
    return {violation.invariant for violation in violations(evidence)}


@dataclass(frozen=True, slots=True)
class _Lived:
    """A sound session that came to its end."""

    served: ServedHouse
    evidence: Evidence


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[_Lived]:
    with served_house(tmp_path) as served:
        bridge = served.bridge()
        try:
            bridge.run_until_idle()
        finally:
            served.die(bridge)
        yield _Lived(served, served.evidence(people_speak_in_commands=True))


def test_a_sound_session_shows_nothing_and_every_planted_violation_is_named(
    lived: _Lived,
) -> None:
    assert Run.objects.get().state == "done"
    assert set(Hole.objects.values_list("status", flat=True)) == {"imaged"}
    assert violations(lived.evidence) == []
    overlooked: Mapping[str, set[str]] = {}
    for invariant, what, plant in PLANTS:
        with _undone():
            named = _names(plant(lived.evidence))
            if invariant not in named:
                overlooked = {**overlooked, f"{invariant}: {what}": named}
    assert overlooked == {}
    assert violations(lived.evidence) == [], "a plant was left behind"


def test_a_violation_is_planted_for_every_invariant_of_a_run() -> None:
    assert {invariant for invariant, _, _ in PLANTS} == {f"I{number}" for number in range(1, 15)}
