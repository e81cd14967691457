"""What the documentation tells people to type exists, and what is installed is what was tested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, relative, text_files

TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
MAKE = re.compile(r"(?:^|`|\$ )make ([a-z]+)\b", re.MULTILINE)
MANAGE = re.compile(r"manage\.py ([a-z_]+)")
MODULE = re.compile(r"python -m ((?:smartscope|tools|benchmarks)[\w.]*)")
DOCUMENTS = [path for path in text_files() if path.suffix == ".md"]
TARGETS = frozenset(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
PROMISED = frozenset({"setup", "demo", "test", "check", "bench"})
DJANGO = frozenset(
    {"check", "collectstatic", "createsuperuser", "makemigrations", "migrate", "shell"}
    | {"spectacular", "demo", "changepassword"}
)


def test_the_makefile_has_every_target_that_was_promised() -> None:
    assert PROMISED <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_command_in_the_documentation_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    commands = {path.stem for path in ROOT.glob("*/management/commands/*.py")} | DJANGO
    assert set(MAKE.findall(text)) <= TARGETS
    assert set(MANAGE.findall(text)) <= commands
    assert [m for m in MODULE.findall(text) if not _module_exists(m)] == []


def _module_exists(module: str) -> bool:
    path = ROOT.joinpath(*module.split("."))
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_exactly(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line.strip() and not line.startswith(("#", "-r"))]
    assert [line for line in wanted if "==" not in line] == []
