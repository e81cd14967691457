"""Which files the built page consists of, as the bundler's manifest names them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ENTRY = "src/main.ts"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Paths below the static address."""

    script: str
    styles: tuple[str, ...]
    preloads: tuple[str, ...]


@cache
def built_bundle(dist: Path) -> Bundle | None:
    """The bundle in `dist`, or None where the page was never built.

    Read once: static files too are looked up when the process starts, so a newer build shows
    after a restart, whole.
    """
    try:
        manifest = json.loads((dist / "manifest.json").read_text("utf-8"))
    except FileNotFoundError:
        return None
    entry = manifest[ENTRY]
    chunks = [manifest[name] for name in entry.get("imports", ())]
    return Bundle(
        script=entry["file"],
        styles=tuple(style for chunk in (entry, *chunks) for style in chunk.get("css", ())),
        preloads=tuple(chunk["file"] for chunk in chunks),
    )
