"""Real images that no detector may learn from: they are what its score is told on.

A file is recognised by the SHA-256 of its bytes, a folder of an atlas also by its sample's name.
Real images that are not named here may be used for tuning.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from smartscope.domain.errors import SmartscopeError
from smartscope.training.split import Split, split_of

#: the second of the two labelled EPU atlases: names of its folder and of files derived from it
_HELD_OUT_NAME = re.compile(r"sample3(?!\d)", re.IGNORECASE)
HELD_OUT_SHA256: Mapping[str, str] = {
    "443fd1c940ae42c9d34b37691b2cf5fb9d7834ac652224a1d14d15c098ae6b36": "the atlas Sample3",
    "da8bc788147077278065ef6bdf33c3be5d7ca72ffa3d66aa30d3dab9dd11cb90": "the squares of Sample3",
    "5797c09a3ad9ce9618214e9a6e64bb6d982071edea76c35264a79a71521654fb": "the squares of Sample3",
}


class Purpose(StrEnum):
    """What somebody wants to read a real image for."""

    TRAIN = "train"
    TUNE = "tune"
    TEST = "test"


class HeldOut(SmartscopeError):
    """A test image was about to be learnt from."""


def require_allowed(path: Path, purpose: Purpose) -> Path:
    """The same path when it may be used so; raises `HeldOut`, naming file and reason, otherwise.

    Testing is always allowed. A file is read for its SHA-256.
    """
    if purpose is Purpose.TEST:
        return path
    named = [part for part in path.resolve().parts if _HELD_OUT_NAME.match(part)]
    if named:
        raise HeldOut(
            f"{path} belongs to {named[-1]}, which is kept for testing; "
            f"use another image to {purpose.value} with."
        )
    if path.is_file() and digest_of(path) in HELD_OUT_SHA256:
        raise HeldOut(
            f"{path} holds {HELD_OUT_SHA256[digest_of(path)]}, which is kept for testing, under "
            f"another name; use another image to {purpose.value} with."
        )
    return path


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_train(entry: Mapping[str, Any], file: Path) -> None:
    """Raises `HeldOut` when the grid of a COCO table's image is kept for tuning or testing, or the
    image was made from a test image, whatever the file is called.
    """
    grid_id = str(entry["grid_id"])
    if split_of(grid_id) is not Split.TRAIN:
        raise HeldOut(f"{file} shows grid {grid_id}, which is kept for {split_of(grid_id).value}.")
    for digest in entry.get("source_sha256", ()):
        if digest in HELD_OUT_SHA256:
            raise HeldOut(f"{file} was made from {HELD_OUT_SHA256[digest]}, kept for testing.")
