"""What is refused is kept, with who asked for what; nothing that was sent can forge a line."""

from __future__ import annotations

import logging

import pytest
from rest_framework.test import APIClient

from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"


def kept(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines of the audit's own log."""
    ours = (one for one in caplog.records if one.name == "smartscope.audit")
    return [one.getMessage() for one in ours]


def test_a_refusal_names_who_asked_for_what(
    as_: As, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "smartscope.audit")
    assert as_("viewer").post(f"{API}/support-bundle").status_code == 403
    told = f"refused 'viewer': POST '{API}/support-bundle' -> 403"
    assert kept(caplog) == [told]


def test_nobody_signed_in_is_kept_too_and_no_line_is_broken(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "smartscope.audit")
    assert APIClient().get(f"{API}/sessions/a%0Aforged").status_code == 401
    assert kept(caplog) == [f"refused 'nobody': GET '{API}/sessions/a\\nforged' -> 401"]
    token = APIClient()
    token.credentials(HTTP_AUTHORIZATION="Bearer guessed")
    assert token.get(f"{API}/me").status_code == 401
    assert "guessed" not in caplog.text
