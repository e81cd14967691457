"""The static check of the containers finds each kind of broken promise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.deployment import ROOT, compose_problems, dockerfile_problems

SOUND: dict[str, Any] = {"image": "postgres:18.1", "healthcheck": {"test": ["CMD", "true"]}}


def problems(service: dict[str, Any]) -> list[str]:
    return list(compose_problems({"services": {"db": SOUND | service}}, ROOT))


def test_a_sound_service_has_no_problem() -> None:
    assert problems({}) == []


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({"image": "postgres:latest"}, "not pinned"),
        ({"image": "postgres"}, "not pinned"),
        ({"ports": ["5432:5432"]}, "open beyond this machine"),
        ({"healthcheck": {}}, "no health check"),
        ({"privileged": True}, "privileged"),
        ({"networks": ["nowhere"]}, "nowhere"),
        ({"secrets": ["key"]}, "key"),
        ({"depends_on": {"queue": {}}}, "queue"),
        ({"volumes": ["./deploy/none.conf:/etc/x"]}, "none.conf"),
        ({"volumes": ["lost:/data"]}, "lost"),
        ({"build": ".", "command": ["python", "manage.py", "fly"]}, "manage.py fly"),
        ({"build": ".", "command": ["gunicorn", "smartscope.nothing:app"]}, "smartscope.nothing"),
        ({"build": ".", "command": ["celery", "--app=lost", "worker"]}, "lost"),
        ({"build": ".", "command": ["bash"]}, "none of our programs"),
    ],
)
def test_a_broken_promise_is_found(service: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems(service)), problems(service)


def test_an_image_that_runs_as_root_is_found(tmp_path: Path) -> None:
    assert any("root" in p for p in dockerfile_problems("FROM python:3.11.14\n", tmp_path))
    sound = "FROM python:3.11.14\nUSER smartscope\n"
    assert list(dockerfile_problems(sound, tmp_path)) == []


def test_only_the_proxy_is_reachable_and_only_from_this_machine() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    ports = {name: s["ports"] for name, s in compose["services"].items() if "ports" in s}
    assert ports == {"proxy": ["127.0.0.1:8080:8080"]}
