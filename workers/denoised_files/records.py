"""What a denoised picture leaves in a folder, and how a later run knows that it is done.

The record, a small JSON file, is written last: where it is, the picture is whole.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from smartscope.analysis.denoising.denoised import DenoisedImage
from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.io.mrc import save_mrc
from workers.denoised_files.sources import Source
from workers.movie_files.wanted import Wanted

_FORMAT: Final = 1
TUNED_NETWORK: Final = "tuned_denoiser.onnx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Of one picture: from what, by what, and what was asked."""

    fingerprint: str
    source: tuple[str, ...]
    picture: str
    pixel_size_angstrom: float
    method: str
    version: str
    tuned: bool
    format: int = _FORMAT


def fingerprint(source: Source, wanted: Wanted, maker: str) -> str:
    """Changes when the files, what is asked of them, or what denoises changes."""
    seen = [wanted.fingerprint(path) for path in source.files]
    return hashlib.sha256(json.dumps([*seen, maker]).encode()).hexdigest()


def is_done(folder: Path, source: Source, expected: str) -> bool:
    """Whether a picture made just so is there."""
    try:
        said = json.loads(_path(folder, source).read_text(encoding="utf-8"))
        whole = (folder / str(said["picture"])).is_file()
        return bool(whole and said["format"] == _FORMAT and said["fingerprint"] == expected)
    except (OSError, ValueError, TypeError, KeyError):
        # missing, of an older version, or cut: all mean that it is to be done again
        return False


def keep(folder: Path, source: Source, clean: DenoisedImage, expected: str) -> Path:
    """Write the picture, then its record; returns the picture's path."""
    picture = folder / f"{source.name}_denoised.mrc"
    save_mrc(picture, clean.pixels, pixel_size_angstrom=clean.pixel_size_angstrom)
    record = Record(
        fingerprint=expected,
        source=tuple(str(path) for path in source.files),
        picture=picture.name,
        pixel_size_angstrom=clean.pixel_size_angstrom,
        method=clean.method,
        version=clean.version,
        tuned=clean.tuned,
    )
    with written_aside(_path(folder, source)) as part:
        part.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    return picture


def _path(folder: Path, source: Source) -> Path:
    return folder / f"{source.name}_denoised.json"
