"""The project's own text files, as the architecture tests read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = (
    "smartscope", "api", "workers", "frontend", "safety_agent", "tools", "tests", "benchmarks",
)  # fmt: skip
TEXT = frozenset(
    {".py", ".ts", ".svelte", ".css", ".html", ".toml", ".md", ".yml", ".yaml", ".txt"}
)
MADE = frozenset({"node_modules", "dist", "__pycache__", "migrations"})


def python_files() -> Iterator[Path]:
    """Every Python file that a person wrote."""
    yield ROOT / "manage.py"
    for package in PACKAGES:
        yield from (path for path in sorted((ROOT / package).rglob("*.py")) if _is_written(path))


def text_files() -> Iterator[Path]:
    """Every text file that a person wrote, documentation and configuration included."""
    yield from (path for path in sorted(ROOT.iterdir()) if path.is_file() and _is_text(path))
    for folder in (*PACKAGES, "docs", "deploy", ".ci"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and _is_text(path) and _is_written(path):
                yield path


def relative(path: Path) -> str:
    """The path as a reader of the repository knows it."""
    return path.relative_to(ROOT).as_posix()


def _is_text(path: Path) -> bool:
    return path.suffix in TEXT or path.name in ("Makefile", "Dockerfile", "run")


def _is_written(path: Path) -> bool:
    return MADE.isdisjoint(path.relative_to(ROOT).parts)
