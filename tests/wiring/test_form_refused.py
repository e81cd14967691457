"""A form without its token is refused in words, in the page's own dress."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
def test_a_form_that_is_too_old_says_what_to_do() -> None:
    answer = Client(enforce_csrf_checks=True).post("/login", {"username": "mira", "password": "x"})
    assert answer.status_code == 403
    text = answer.content.decode()
    assert "This form was not accepted" in text
    assert "Nothing was changed" in text
    assert "no-store" in answer.headers["Cache-Control"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
