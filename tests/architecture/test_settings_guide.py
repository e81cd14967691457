"""The guide to the settings lists what the service reads, and nothing it does not."""

from __future__ import annotations

import re

from tests.architecture.sources import ROOT, python_files, relative

NAME = re.compile(
    r"\b(?:SMARTSCOPE_[A-Z_]+[A-Z]|DATABASE_URL|REDIS_URL|CHROMIUM_PATH|REQUIRE_BROWSER)\b"
)
READ = re.compile(
    r"(?:env|environment)(?:\.\w+)?[.(\[]\w*\(?\s*\"(SMARTSCOPE_[A-Z_]+|DATABASE_URL|REDIS_URL)\""
)


def test_every_variable_that_is_read_is_in_the_guide() -> None:
    guide = set(NAME.findall((ROOT / "docs" / "settings.md").read_text(encoding="utf-8")))
    read = set(READ.findall((ROOT / "smartscope" / "settings.py").read_text(encoding="utf-8")))
    assert len(read) > 15, "the pattern still finds how settings are read"
    assert read <= guide


def test_every_variable_of_the_guide_is_used_somewhere() -> None:
    guide = set(NAME.findall((ROOT / "docs" / "settings.md").read_text(encoding="utf-8")))
    sources = [
        path.read_text(encoding="utf-8")
        for path in python_files()
        if not relative(path).startswith("tests/architecture")
    ]
    text = "\n".join([*sources, (ROOT / ".ci" / "run").read_text(encoding="utf-8")])
    assert {name for name in guide if name not in text} == set()
