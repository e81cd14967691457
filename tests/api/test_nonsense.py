"""Nonsense in a plan is refused with a sentence that names the field, and leaves nothing behind."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from smartscope.domain.protocol import LIMITS
from smartscope.models import Export, Session
from tests.api.conftest import As
from tests.api.world import World

SESSIONS = "/api/v1/sessions"
KEYS = count()
#: one request after another on the test's own rows: none of them leaves any
drawn = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
UNPRINTABLE = st.characters(categories=["Cc", "Cf", "Zl", "Zp"])
#: what a shell, SerialEM's scripts, a template or a browser would obey
SCRIPTS = (
    "g\nSetColumnOrGunValve 1",
    "g\r\nSubject: all is well",
    "night; rm -rf /",
    "$(reboot)",
    "`reboot`",
    "{{ settings.SECRET_KEY }}",
    "<script>alert(1)</script>",
    "a' OR '1'='1",
    "../../etc/passwd",
    "night\x00",
)


@pytest.fixture
def plan(world: World) -> dict[str, Any]:
    return {
        "name": "20261122_nonsense",
        "group": "ours",
        "microscope": str(world.microscope.pk),
        "detector": str(world.detector.pk),
        "grids": [{"name": "A1", "position": 1}],
    }


def refused(client: Any, body: Any) -> list[tuple[str, str]]:
    """The field and the words of everything that was found wrong."""
    known = Session.objects.count()
    answer = client.generic(
        "POST",
        SESSIONS,
        body if isinstance(body, str) else json.dumps(body),
        content_type="application/json",
        headers={"Idempotency-Key": f"nonsense-{next(KEYS)}"},
    )
    assert answer.status_code == 400, answer.content
    assert Session.objects.count() == known
    told = [(each["path"], each["message"]) for each in answer.json()["errors"]]
    words = [answer.json()["detail"], *(message for _, message in told)]
    assert all(len(sentence.split()) >= 3 for sentence in words), answer.json()
    return told


@drawn
@given(name=st.sampled_from(sorted(LIMITS)), data=st.data())
def test_a_number_beyond_its_limits_is_refused_by_name(
    name: str, data: st.DataObject, as_: As, plan: dict[str, Any]
) -> None:
    low, high = LIMITS[name]
    beyond = st.one_of(
        st.sampled_from((1e9, -1e9, 1e300, 10**40)),
        st.integers(int(high) + 1, 10**12),
        st.integers(-(10**12), int(low) - 1),
    )
    number = data.draw(beyond)
    whole = name.endswith(("_x", "_y", "_grid", "_square", "_size"))
    value = int(number) if whole else number
    where = data.draw(st.sampled_from(("", "grids.0.")))
    body = {**plan, "grids": [dict(grid) for grid in plan["grids"]]}
    (body["grids"][0] if where else body)[name] = value
    assert f"{where}{name}" in dict(refused(as_("member"), body))


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused(token: str, as_: As, plan: dict[str, Any]) -> None:
    """JSON has no such numbers; one too large to be a number is told by its field."""
    body = json.dumps(plan | {"tilt_deg": 12345}).replace("12345", token)
    told = dict(refused(as_("member"), body))
    assert ("tilt_deg" in told) is token.startswith("1")


@pytest.mark.parametrize("slot", [99, 0, -1, 10**12])
def test_a_slot_that_is_none_is_refused(slot: int, as_: As, plan: dict[str, Any]) -> None:
    body = plan | {"grids": [{"name": "A1", "position": slot}]}
    assert "grids.0.position" in dict(refused(as_("member"), body))


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_session_is_called_by_letters_and_digits(
    name: str, as_: As, plan: dict[str, Any]
) -> None:
    assert "name" in dict(refused(as_("member"), plan | {"name": name}))


@drawn
@given(before=st.text("ab c", min_size=1), odd=UNPRINTABLE, after=st.text("de f", min_size=1))
def test_a_grid_is_called_by_one_printable_line(
    before: str, odd: str, after: str, as_: As, plan: dict[str, Any]
) -> None:
    grid = {"name": f"g{before}{odd}{after}x", "position": 1}
    assert "grids.0.name" in dict(refused(as_("member"), plan | {"grids": [grid]}))


def test_a_wrong_token_that_wants_another_form_is_refused_as_json(as_: As, world: World) -> None:
    headers = {"Authorization": "Bearer of bad news", "Accept": "image/webp"}
    answer = APIClient().get(SESSIONS, headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (406, "application/problem+json")


def test_a_format_is_a_filter_and_no_form_of_the_answer(as_: As, world: World) -> None:
    Export.objects.create(grid=world.ours.grid, format="relion-star")
    path = "/api/v1/exports?format="
    found = [as_("viewer").get(f"{path}{form}").json() for form in ("relion-star", "eman-box")]
    assert [len(one["results"]) for one in found] == [1, 0]
