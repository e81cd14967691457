"""Reads how a tilt series lies from what other programs wrote: IMOD's `.tlt` and `.xf`, AreTomo's
`.aln`, SerialEM's `.mdoc`.

Their pixel coordinates count from the middle of the picture with y along rising rows, as ours do.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray
from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.io.limits import MAX_METADATA_BYTES
from smartscope.analysis.io.mdoc import Mdoc, MdocSection, read_mdoc
from smartscope.analysis.tomography.geometry import TiltGeometry
from smartscope.domain.errors import BadFile

_TITLE_AXIS: Final = re.compile(r"[Tt]ilt axis angle = (-?[\d.]+)")
_XF_NUMBERS: Final = 6
_ALN_NUMBERS: Final = 10
_LARGEST_SHEAR: Final = 0.05


def read_geometry(angles: Path, transforms: Path | None = None) -> TiltGeometry:
    """The geometry of `angles`, told by its ending, turned and moved as an `.xf` says.

    Raises `BadFile` and `InvalidInput` with sentences.
    """
    kind = angles.suffix.lower()
    if kind == ".mdoc":
        geometry = from_mdoc(read_mdoc(angles), name=angles.name)
    elif kind == ".aln":
        geometry = read_aln(angles)
    elif kind in (".tlt", ".rawtlt"):
        geometry = TiltGeometry.of_angles(read_angles(angles))
    else:
        raise BadFile(f"{angles.name} is none of .tlt, .rawtlt, .mdoc and .aln; give one of them.")
    return geometry if transforms is None else with_transforms(geometry, transforms)


def read_angles(path: Path) -> FloatArray:
    """The angles (n,) of a file with one a line. Raises `BadFile`."""
    found = []
    for number, line in enumerate(_lines(path), start=1):
        try:
            found.append(float(line.split()[0]))
        except ValueError as error:
            raise BadFile(
                f"Line {number} of {path.name} is no angle: {line[:40]!r}; give degrees."
            ) from error
    if not found:
        raise BadFile(f"{path.name} holds no angle; it should have one a line.")
    return np.array(found)


def with_transforms(geometry: TiltGeometry, path: Path) -> TiltGeometry:
    """`geometry` with axis, scale and shifts of an IMOD `.xf`: aligned = A (raw - middle) + d.

    Raises `BadFile` when lines do not match tilts or a matrix is no turn.
    """
    rows = _numbers(path, _XF_NUMBERS)
    if len(rows) <= int(geometry.sections.max()):
        raise BadFile(
            f"{path.name} has {len(rows)} lines for {len(geometry)} tilts; "
            "give the files of one series."
        )
    chosen = rows[geometry.sections]
    matrices, moves = chosen[:, :4].reshape(-1, 2, 2), chosen[:, 4:]
    sizes = np.linalg.det(matrices)
    if (sizes <= 0.0).any():
        raise BadFile(f"{path.name} mirrors a picture; a tilt series is turned and moved only.")
    scale = 1.0 / np.sqrt(sizes)
    turns = matrices * scale[:, None, None]
    shear = np.abs(turns @ turns.transpose(0, 2, 1) - np.eye(2)).max()
    if shear > _LARGEST_SHEAR:
        raise BadFile(f"{path.name} stretches pictures by {shear:.0%}; undo that first.")
    # A = R(-axis) / scale, and what lies at the specimen's middle is moved to 0.
    axis = np.degrees(np.arctan2(turns[:, 0, 1], turns[:, 0, 0]))
    shifts = -np.linalg.solve(matrices, moves[:, :, None])[:, :, 0]
    return replace(geometry, axis_deg=axis, scale=scale, shifts_px=np.asarray(shifts))


def read_aln(path: Path) -> TiltGeometry:
    """The global alignment of an AreTomo file; pictures it calls dark are left out.

    Raises `BadFile`. Sections count from 0 or, in newer files, from 1: the raw size tells.
    """
    rows, raw = [], 0
    for line in _lines(path):
        if line.startswith("#"):
            if "Local Alignment" in line:
                break
            if line[1:].strip().startswith("RawSize"):
                sizes = line.partition("=")[2].split()
                raw = int(sizes[2]) if len(sizes) == 3 and sizes[2].isdigit() else 0
            continue
        rows.append(line)
    table = _table(rows, _ALN_NUMBERS, path)
    sections = np.rint(table[:, 0]).astype(np.int64)
    if raw and sections.max() >= raw:
        sections -= 1
    return TiltGeometry(
        angles_deg=table[:, 9],
        axis_deg=table[:, 1],
        shifts_px=table[:, 3:5],
        scale=np.ones(len(table)),
        sections=sections,
    )


def from_mdoc(mdoc: Mdoc, *, name: str = "the mdoc") -> TiltGeometry:
    """Angles, doses and the axis that SerialEM wrote; dose before a tilt counts what came earlier.

    Raises `BadFile` when a picture has no angle.
    """
    images = mdoc.images()
    angles = [image.number("TiltAngle") for image in images]
    if not images or None in angles:
        missing = angles.index(None) + 1 if images else 0
        raise BadFile(
            f"{name} has no TiltAngle for picture {missing}; it is no mdoc of a tilt series."
        )
    axis = next((m for title in mdoc.titles if (m := _TITLE_AXIS.search(title))), None)
    geometry = TiltGeometry.of_angles(
        np.array(angles, dtype=np.float64), axis_deg=float(axis[1]) if axis else 0.0
    )
    doses = np.array([image.number("ExposureDose") or 0.0 for image in images])
    if not (doses > 0.0).all():
        return geometry
    written = [image.number("PriorRecordDose") for image in images]
    if None in written:
        before = _counted(doses, [_taken(image) for image in images])
    else:
        before = np.array(written, dtype=np.float64)
    return replace(geometry, dose_before_e_per_a2=before, dose_e_per_a2=float(np.median(doses)))


def save_alignment(geometry: TiltGeometry, base: Path, *, pictures: int) -> None:
    """`base.tlt` and `base.xf` as IMOD reads them, a line for each of `pictures`.

    Pictures that the geometry leaves out have a line that changes nothing, and the angle 0.
    """
    angles = np.zeros(pictures)
    lines = ["1 0 0 1 0 0"] * pictures
    for number, section in enumerate(geometry.sections):
        turn = np.radians(-geometry.axis_deg[number])
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        matrix /= geometry.scale[number]
        moved = -matrix @ geometry.shifts_px[number]
        lines[section] = " ".join(f"{value:.7f}" for value in (*matrix.ravel(), *moved))
        angles[section] = geometry.angles_deg[number]
    for name, text in (
        (".tlt", "\n".join(f"{angle:.2f}" for angle in angles)),
        (".xf", "\n".join(lines)),
    ):
        with written_aside(base.with_name(base.name + name)) as part:
            part.write_text(text + "\n", encoding="utf-8")


def _taken(image: MdocSection) -> tuple[str, str]:
    """Something that sorts by time: "20-Nov-26  18:05:31" as year, month, day, time."""
    words = image.values.get("DateTime", "").split()
    if len(words) != 2:
        return "", ""
    day, month, year = ([*words[0].split("-"), "", "", ""])[:3]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    number = months.index(month) if month in months else 0
    return f"{year[-2:]}{number:02d}{day:>02}", words[1]


def _counted(doses: FloatArray, taken: list[tuple[str, str]]) -> FloatArray:
    order = sorted(range(len(doses)), key=lambda n: (taken[n], n))
    before = np.zeros(len(doses))
    before[order] = np.concatenate([[0.0], np.cumsum(doses[order])[:-1]])
    return before


def _numbers(path: Path, width: int) -> FloatArray:
    return _table(_lines(path), width, path)


def _table(lines: list[str], width: int, path: Path) -> FloatArray:
    rows = []
    for line in lines:
        try:
            row = [float(word) for word in line.split()]
        except ValueError:
            row = []
        if len(row) != width:
            raise BadFile(f"{path.name} has a line without {width} numbers: {line[:60]!r}.")
        rows.append(row)
    if not rows:
        raise BadFile(f"{path.name} says nothing about any tilt; it is empty.")
    return np.array(rows)


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > MAX_METADATA_BYTES:
            raise BadFile(f"{path.name} is larger than 64 MiB; alignments never are.")
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BadFile(f"{path.name} cannot be read: {error.strerror}.") from error
    return [line.strip() for line in text.splitlines() if line.strip()]
