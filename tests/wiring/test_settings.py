"""Production refuses what is only safe on one's own machine; the environment is read strictly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from smartscope.environment import (
    BadEnvironment,
    celery_redis,
    flag,
    integer,
    number,
    postgresql,
    secret,
)

ROOT = Path(__file__).resolve().parents[2]
GOOD_KEY = "k" * 48


def load_settings(expression: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Settings are read once per process, so each case has a process of its own."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return subprocess.run(
        [sys.executable, "-c", f"import smartscope.settings as s; print({expression})"],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({}, "SMARTSCOPE_SECRET_KEY"),
        ({"SMARTSCOPE_SECRET_KEY": "short"}, "at least 32 characters"),
        ({"SMARTSCOPE_SECRET_KEY": GOOD_KEY, "SMARTSCOPE_DEBUG": "1"}, "shows secrets"),
    ],
)
def test_production_refuses_to_start_unsafe(environment: dict[str, str], complaint: str) -> None:
    done = load_settings("s.MODE", SMARTSCOPE_MODE="production", **environment)
    assert done.returncode != 0
    assert complaint in done.stderr


def test_production_signs_in_over_tls_only(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(GOOD_KEY + "\n")
    done = load_settings(
        "s.SECRET_KEY, s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0",
        SMARTSCOPE_MODE="production",
        SMARTSCOPE_SECRET_KEY_FILE=str(tmp_path / "key"),
    )
    assert done.stdout.strip() == f"{GOOD_KEY} __Host-smartscope-session True True"


def test_web_processes_pool_and_others_keep_their_connection() -> None:
    pooled = (
        "'pool' in s.DATABASES['default']['OPTIONS'], s.DATABASES['default'].get('CONN_MAX_AGE', 0)"
    )
    assert load_settings(pooled, SMARTSCOPE_PROCESS="web").stdout.strip() == "True 0"
    assert load_settings(pooled, SMARTSCOPE_PROCESS="bridge").stdout.strip() == "False 60"


def test_each_kind_of_process_has_its_own_statement_timeout() -> None:
    options = "s.DATABASES['default']['OPTIONS']['options']"
    assert "statement_timeout=5000" in load_settings(options, SMARTSCOPE_PROCESS="web").stdout
    assert "statement_timeout=10000" in load_settings(options, SMARTSCOPE_PROCESS="bridge").stdout
    assert "statement_timeout=0" in load_settings(options).stdout


def test_a_misspelt_kind_of_process_is_refused() -> None:
    done = load_settings("s.PROCESS", SMARTSCOPE_PROCESS="brigde")
    assert "SMARTSCOPE_PROCESS is 'brigde'; it may be" in done.stderr


def test_a_task_ends_long_before_it_would_be_handed_out_again() -> None:
    assert settings.CELERY_TASK_ACKS_LATE
    assert settings.CELERY_TASK_REJECT_ON_WORKER_LOST
    assert settings.CELERY_WORKER_PREFETCH_MULTIPLIER == 1
    visibility_s = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert visibility_s >= 4 * settings.CELERY_TASK_TIME_LIMIT


def test_a_database_on_a_socket_is_understood() -> None:
    found = postgresql("postgresql://smart%40scope:p%2Fw@/night?host=/run/pg&sslmode=disable")
    assert found["USER"] == "smart@scope"
    assert found["PASSWORD"] == "p/w"
    assert (found["NAME"], found["HOST"]) == ("night", "/run/pg")
    assert found["OPTIONS"] == {"sslmode": "disable"}


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(BadEnvironment, match="must be postgresql://"):
        postgresql("sqlite:///night.db")


def test_celery_is_told_of_a_socket_in_its_own_words() -> None:
    assert celery_redis("unix:///run/redis.sock?db=3") == (
        "redis+socket:///run/redis.sock?virtual_host=3"
    )
    assert celery_redis("redis://127.0.0.1:6379/1") == "redis://127.0.0.1:6379/1"


def test_a_flag_or_number_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_NAME", "maybe")
    with pytest.raises(BadEnvironment, match="SOME_NAME"):
        flag("SOME_NAME")
    with pytest.raises(BadEnvironment, match="SOME_NAME"):
        integer("SOME_NAME", 3)
    monkeypatch.setenv("SOME_NAME", "0")
    with pytest.raises(BadEnvironment, match="below 1"):
        integer("SOME_NAME", 3, minimum=1)


@pytest.mark.parametrize("word", ["soon", "0", "-1", "nan", "inf"])
def test_a_time_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("SOME_NAME", word)
    with pytest.raises(BadEnvironment, match="SOME_NAME"):
        number("SOME_NAME", 1.0)


def test_a_secret_file_that_is_gone_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOME_NAME_FILE", str(tmp_path / "gone"))
    with pytest.raises(BadEnvironment, match=r"SOME_NAME_FILE names .*gone"):
        secret("SOME_NAME", "default")
