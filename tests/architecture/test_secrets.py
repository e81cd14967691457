"""Nothing secret lies in the repository, and whatever is installed is pinned to one version."""

from __future__ import annotations

import json
import math
import re
from collections import Counter

import pytest

from tests.architecture.sources import ROOT, relative, text_files

#: what issuers of keys begin theirs with
ISSUED = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}"
    r"|\bglpat-[\w-]{20}"
    r"|\bxox[abprs]-[\w-]{10,}"
    r"|\bAIza[\w-]{35}\b"
    r"|\bsk_live_[A-Za-z0-9]{16,}"
    r"|\bwhsec_[A-Za-z0-9+/]{24,}"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"
    r"|\b[a-z]+://[^\s:/@\"'{}<>]+:[^\s@\"'{}<>]{8,}@"
)
#: a literal given to something that is named like a secret
NAMED = re.compile(
    r"(?i)\b\w*(?:secret|passw(?:or)?d|api_?key|token)\w*[\"']?\s*[:=]\s*[\"']([^\"'\s]{16,})[\"']"
)
#: of one character, in bits: words of a language have about three, random ones above four
RANDOM_BITS = 3.8
# path: why what looks like a secret there is none
NO_SECRET = {
    "docs/settings.md": "it shows where a password goes in an address",
    "tests/workers/alarms/test_telling.py": "it asserts that this password is told nowhere",
}


def secrets_in(text: str) -> list[str]:
    """What looks like a key, a password or a token, cut short so that no report spreads it."""
    found = [match.group()[:24] for match in ISSUED.finditer(text)]
    return found + [value[:8] for value in NAMED.findall(text) if _bits(value) > RANDOM_BITS]


def _bits(text: str) -> float:
    """Shannon entropy of one character."""
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts)


def test_no_file_holds_a_secret() -> None:
    found = {
        relative(path): secrets
        for path in text_files()
        if relative(path) not in NO_SECRET
        and (secrets := secrets_in(path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        "-----BEGIN RSA PRIVATE " + "KEY-----",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "a1B2" * 9,
        "whsec_" + "MfKQ9r8GKYqrTwjU" * 2,
        "postgres://smartscope:" + "Xk29vQpLm3@db/smartscope",
        'SECRET_KEY = "' + "q8Zt-3xYw_Lk7pRv2mNc" + '"',
        '"api_key": "' + "9fK2mQx7Lp0RtYb4Wz" + '"',
    ],
)
def test_a_planted_secret_is_found(planted: str) -> None:
    assert secrets_in(f"before\n{planted}\nafter")


@pytest.mark.parametrize("harmless", ['password = "a-long-enough-sentence"', "token: string;"])
def test_words_are_no_secrets(harmless: str) -> None:
    assert secrets_in(harmless) == []


def test_the_pages_packages_are_pinned_with_their_sums() -> None:
    package = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))
    wanted = {**package.get("dependencies", {}), **package["devDependencies"]}
    assert {name: v for name, v in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+", v)} == {}
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text(encoding="utf-8"))
    installed = {name: one for name, one in lock["packages"].items() if name}
    assert [name for name, one in installed.items() if "integrity" not in one] == []
