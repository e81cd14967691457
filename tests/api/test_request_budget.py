"""What a person may send in a minute is counted by all processes together."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from api.request_budget import PORTION, Budget
from api.throttles import RequestRate
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"


def test_two_processes_together_grant_no_more_than_one(db: None) -> None:
    one, other = Budget(3 * PORTION), Budget(3 * PORTION)
    granted = [budget.spend(7)[0] for _ in range(3 * PORTION) for budget in (one, other)]
    assert sum(granted) == 3 * PORTION
    assert not any(granted[-PORTION:])


def test_a_budget_that_no_portion_divides_is_spent_to_the_last(db: None) -> None:
    most = 2 * PORTION + 3
    budget = Budget(most)
    told = [budget.spend("somebody") for _ in range(most + 2)]
    assert [allowed for allowed, _, _ in told] == [True] * most + [False] * 2
    assert [left for _, left, _ in told[:most]] == list(range(most))[::-1]


def test_people_do_not_spend_each_others(db: None) -> None:
    budget = Budget(PORTION)
    assert all(budget.spend("one")[0] for _ in range(PORTION))
    assert not budget.spend("one")[0]
    assert budget.spend("other")[0]


def test_who_sends_too_much_is_told_how_long_to_wait(
    as_: As, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RequestRate, "budget", Budget(3))
    client = as_("member")
    answers = [client.get(f"{API}/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 61
    assert answers[-1]["RateLimit"].startswith('"requests";r=0;t=')
    assert as_("viewer").get(f"{API}/me").status_code == 200


def test_without_the_cache_nobody_is_refused(as_: As, world: World, settings: Settings) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    }
    answer = as_("member").get(f"{API}/me")
    assert answer.status_code == 200
    assert "RateLimit" not in answer
