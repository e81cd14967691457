"""What the documentation tells people to type exists, and what is installed is what was tested."""

from __future__ import annotations

import re

import pytest

from tests.architecture.sources import ROOT, relative, text_files

TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
MAKE = re.compile(r"(?:^|`|\$ )make ([a-z]+)\b", re.MULTILINE)
MANAGE = re.compile(r"manage\.py ([a-z_]+)")
MODULE = re.compile(r"python -m ((?:smartscope|tools|benchmarks)[\w.]*)")
TARGETS = frozenset(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
PROMISED = frozenset({"setup", "demo", "test", "check", "bench"})
DJANGO = frozenset(
    {"check", "collectstatic", "createsuperuser", "makemigrations", "migrate", "shell"}
    | {"spectacular", "demo", "changepassword"}
)


def test_the_makefile_has_every_target_that_was_promised() -> None:
    assert PROMISED <= TARGETS


def test_every_command_in_the_documentation_exists() -> None:
    commands = {path.stem for path in ROOT.glob("*/management/commands/*.py")} | DJANGO
    missing: dict[str, list[str]] = {}
    for document in (path for path in text_files() if path.suffix == ".md"):
        text = document.read_text(encoding="utf-8")
        missing[relative(document)] = [
            *(f"make {name}" for name in set(MAKE.findall(text)) - TARGETS),
            *(f"manage.py {name}" for name in set(MANAGE.findall(text)) - commands),
            *(f"python -m {name}" for name in MODULE.findall(text) if not _module_exists(name)),
        ]
    assert {name: lines for name, lines in missing.items() if lines} == {}


def _module_exists(module: str) -> bool:
    path = ROOT.joinpath(*module.split("."))
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-train.txt"]
)
def test_every_requirement_is_pinned_exactly(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line.strip() and not line.startswith(("#", "-r"))]
    assert [line for line in wanted if "==" not in line] == []
