"""Picks many micrographs into a folder: each file's coordinates whole or not at all, a summary that
is always right, and a second run that does only what is left.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import UnusableImage
from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.io.image import read_image
from smartscope.analysis.picking.coordinate_files import (
    PickedMicrograph,
    coordinates_star,
    star_text,
)
from smartscope.analysis.picking.diameter import measured_diameter
from smartscope.analysis.picking.left_out import left_out
from smartscope.analysis.picking.matched import coarse_micrograph
from smartscope.analysis.picking.picks import Picker, Picks
from smartscope.analysis.picking.prepared import Prepared
from smartscope.domain.errors import BadFile, InvalidInput

SUMMARY: Final = "summary.json"
LISTING: Final = "autopick.star"
#: a size is measured on this many micrographs together
MEASURED_ON: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a run was asked for; Å, None takes the file's own pixel or measures the size."""

    method: str
    pixel_size_angstrom: float | None
    diameter_angstrom: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file; `reason` says why there are no particles. `bytes` and `modified_ns`
    tell whether the file is still the one that was picked.
    """

    file: str
    bytes: int
    modified_ns: int
    particles: int
    threshold: float
    diameter_angstrom: float | None
    reason: str
    failed: bool


def pick_files(
    files: Sequence[Path], out: Path, picker: Picker, asked: Asked
) -> Iterator[tuple[Outcome, bool]]:
    """Each file's outcome, and True where it was there already.

    Raises `InvalidInput` when two files would write the same coordinates, or the folder holds a run
    that was asked for something else.
    """
    _require_own_names(files)
    out.mkdir(parents=True, exist_ok=True)
    done, diameter = _earlier(out, asked)
    if diameter is None:
        diameter = asked.diameter_angstrom or _size_of(files, asked)
    outcomes: dict[str, Outcome] = {}
    for file in files:
        kept = done.get(file.name)
        if kept is not None and _same(file, kept, out):
            outcomes[file.name] = kept
            yield kept, True
            continue
        outcomes[file.name] = outcome = _one(file, out, picker, asked, diameter)
        _write(out / SUMMARY, _summary(asked, diameter, {**done, **outcomes}))
        yield outcome, False
    _write(out / LISTING, _listing(files, outcomes))


def coordinates_of(file: Path, out: Path) -> Path:
    """Where a micrograph's coordinates go."""
    return out / f"{file.stem}_autopick.star"


def _one(file: Path, out: Path, picker: Picker, asked: Asked, diameter: float | None) -> Outcome:
    try:
        state = file.stat()
    except OSError as error:
        return _refused(file, 0, 0, f"{file.name} cannot be opened: {error.strerror}.")
    try:
        total, pixel, display = _read(file, asked)
        picks = picker.pick(
            total,
            pixel_size_angstrom=pixel,
            diameter_angstrom=diameter,
            dirt=None if display else left_out(total, pixel_size_angstrom=pixel).mask,
        )
    except (BadFile, UnusableImage) as refusal:
        coordinates_of(file, out).unlink(missing_ok=True)
        return _refused(file, state.st_size, state.st_mtime_ns, str(refusal))
    _write(coordinates_of(file, out), coordinates_star(_sure(file, total, pixel, picks)))
    return Outcome(
        file=file.name,
        bytes=state.st_size,
        modified_ns=state.st_mtime_ns,
        particles=picks.count,
        threshold=picks.threshold,
        diameter_angstrom=picks.diameter_angstrom,
        reason=picks.reason,
        failed=False,
    )


def _refused(file: Path, size: int, modified_ns: int, reason: str) -> Outcome:
    return Outcome(
        file=file.name,
        bytes=size,
        modified_ns=modified_ns,
        particles=0,
        threshold=0.0,
        diameter_angstrom=None,
        reason=reason,
        failed=True,
    )


def _read(file: Path, asked: Asked) -> tuple[NDArray[np.float32], float, bool]:
    image = read_image(file)
    pixel = asked.pixel_size_angstrom or image.pixel_size_angstrom
    if pixel is None:
        raise UnusableImage(
            f"{file.name} does not say how large its pixels are; give --pixel-size."
        )
    return image.pixels, pixel, image.display_only


def _sure(file: Path, total: NDArray[np.float32], pixel: float, picks: Picks) -> PickedMicrograph:
    sure = picks.scores >= picks.threshold
    return PickedMicrograph(
        name=file.name,
        width_px=total.shape[1],
        height_px=total.shape[0],
        pixel_size_angstrom=pixel,
        centres_px=picks.centres_px[sure],
        scores=picks.scores[sure],
    )


def _size_of(files: Sequence[Path], asked: Asked) -> float | None:
    """The size that the first readable files share; None where they show none."""
    shown: list[Prepared] = []
    for file in files:
        try:
            total, pixel, display = _read(file, asked)
            dirt = None if display else left_out(total, pixel_size_angstrom=pixel).mask
            shown.append(coarse_micrograph(total, pixel_size_angstrom=pixel, dirt=dirt))
        except (BadFile, UnusableImage, OSError):
            continue
        if len(shown) == MEASURED_ON:
            break
    measured = measured_diameter(shown) if shown else None
    return None if measured is None else measured.angstrom


def _require_own_names(files: Sequence[Path]) -> None:
    stems = [file.stem for file in files]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise InvalidInput(
            {"files": f"Two files are called {twice[0]}; pick them into folders of their own."}
        )


def _earlier(out: Path, asked: Asked) -> tuple[dict[str, Outcome], float | None]:
    """What an earlier run of the same did, and the size it worked with."""
    summary = out / SUMMARY
    if not summary.exists():
        return {}, None
    try:
        said = json.loads(summary.read_text(encoding="utf-8"))
        before, diameter = Asked(**said["asked"]), said["diameter_angstrom"]
        done = {row["file"]: Outcome(**row) for row in said["files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            {"out": f"{summary} is no summary of picks; name another folder or remove it."}
        ) from error
    if before != asked:
        raise InvalidInput(
            {"out": f"{out} holds picks that were asked for otherwise; name another folder."}
        )
    return done, diameter


def _same(file: Path, kept: Outcome, out: Path) -> bool:
    """A refused file is tried again."""
    if kept.failed or not coordinates_of(file, out).exists() or not file.exists():
        return False
    state = file.stat()
    return (state.st_size, state.st_mtime_ns) == (kept.bytes, kept.modified_ns)


def _summary(asked: Asked, diameter: float | None, outcomes: dict[str, Outcome]) -> str:
    said: dict[str, Any] = {
        "asked": asdict(asked),
        "diameter_angstrom": diameter,
        "particles": sum(each.particles for each in outcomes.values()),
        "files": [asdict(each) for each in outcomes.values()],
    }
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"


def _listing(files: Sequence[Path], outcomes: dict[str, Outcome]) -> str:
    """RELION's table of which coordinates belong to which micrograph."""
    picked = [file for file in files if not outcomes[file.name].failed]
    return star_text(
        {
            "coordinate_files": {
                "rlnMicrographName": [str(file) for file in picked],
                "rlnMicrographCoordinates": [coordinates_of(file, Path()).name for file in picked],
            }
        }
    )


def _write(path: Path, text: str) -> None:
    with written_aside(path) as part:
        part.write_text(text, encoding="utf-8")
