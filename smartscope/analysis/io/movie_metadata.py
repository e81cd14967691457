"""What is written beside a movie about how it was taken: SerialEM's `.mdoc`, EPU's XML.

Nothing is guessed: what no file says is None, and what cannot be is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Final

from smartscope.analysis.io.epu import read_epu_image
from smartscope.analysis.io.mdoc import MdocSection, read_mdoc
from smartscope.domain.errors import BadFile

#: at which any movie is taken, Å
PIXEL_SIZES_ANGSTROM: Final = (0.05, 50.0)
_OF_FRACTIONS: Final = re.compile(r"_(Fractions|EER)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieMetadata:
    """How a movie was taken; None where no file beside it says.

    `dose_e_per_a2` is of the whole movie. `gain_name` and `defects_name` are file names without
    folder, as the camera computer's folders are not ours.
    """

    source: Path | None = None
    pixel_size_angstrom: float | None = None
    dose_e_per_a2: float | None = None
    frames: int | None = None
    voltage_kv: float | None = None
    tilt_deg: float | None = None
    defocus_um: float | None = None
    gain_name: str | None = None
    defects_name: str | None = None


def read_movie_metadata(movie: Path) -> MovieMetadata:
    """Read `MOVIE.mdoc`, `STEM.mdoc` or EPU's `STEM.xml`, whichever is there first.

    All is None without one. Raises `BadFile` for a broken one or a pixel size that cannot be.
    """
    for mdoc in (movie.with_name(f"{movie.name}.mdoc"), movie.with_suffix(".mdoc")):
        if mdoc.is_file():
            return _of_mdoc(mdoc, movie)
    for stem in (movie.stem, _OF_FRACTIONS.sub("", movie.stem)):
        xml = movie.with_name(f"{stem}.xml")
        if xml.is_file():
            return _of_epu(xml)
    return MovieMetadata()


def check_pixel_size(pixel_size_angstrom: float, place: str) -> float:
    """The pixel size, if any microscope takes movies at it. Raises `BadFile`."""
    low, high = PIXEL_SIZES_ANGSTROM
    if not low <= pixel_size_angstrom <= high:
        raise BadFile(
            f"{place} states a pixel size of {pixel_size_angstrom:g} Å, which no movie has "
            f"({low:g} to {high:g} Å); give the right one."
        )
    return pixel_size_angstrom


def _of_mdoc(path: Path, movie: Path) -> MovieMetadata:
    mdoc = read_mdoc(path)
    images = mdoc.images()
    named = [s for s in images if _name(s.values.get("SubFramePath")) == movie.name]
    if not named and len(images) > 1:
        raise BadFile(f"{path.name} describes {len(images)} images, none of them {movie.name}.")
    section = MdocSection("", "", {**mdoc.header, **(named or list(images) or [_NONE])[0].values})
    size = section.number("PixelSpacing")
    frames = section.number("NumSubFrames")
    dose = section.number("ExposureDose")
    defocus = section.number("TargetDefocus")
    return MovieMetadata(
        source=path,
        pixel_size_angstrom=None if size is None else check_pixel_size(size, path.name),
        # SerialEM writes 0 for a dose it was not calibrated for.
        dose_e_per_a2=dose or None,
        frames=None if frames is None else int(frames),
        voltage_kv=section.number("Voltage"),
        tilt_deg=section.number("TiltAngle"),
        # SerialEM's underfocus is negative.
        defocus_um=None if defocus is None else -defocus,
        gain_name=_name(section.values.get("GainReference")),
        defects_name=_name(section.values.get("DefectFile")),
    )


_NONE: Final = MdocSection("", "", {})


def _of_epu(path: Path) -> MovieMetadata:
    image = read_epu_image(path)
    return MovieMetadata(
        source=path,
        pixel_size_angstrom=check_pixel_size(image.pixel_size_angstrom, path.name)
        / image.super_resolution_factor,
        dose_e_per_a2=image.dose_e_per_a2,
        voltage_kv=image.voltage_kv,
        defocus_um=image.defocus_um,
    )


def _name(written: str | None) -> str | None:
    """The file's name of a path of Windows or ours."""
    return PureWindowsPath(written).name or None if written else None
