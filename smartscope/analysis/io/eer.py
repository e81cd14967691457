"""Reads EER movies: lists of electron events, rendered to physical pixels, a few frames at a time.

A camera writes a thousand raw frames of hardly an electron per pixel in all. They are summed to
`fractions` on reading, whose sub-pixel positions are not used: a movie as other programs would have
it, of the size of the camera. Format: Guo et al., IUCrJ 7, 860 (2020); decoded by `imagecodecs`.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from smartscope.analysis.io.limits import MAX_EER_FRAMES, MAX_IMAGE_PX, MAX_SIDE_PX
from smartscope.analysis.io.safe_xml import XmlNode, number, parse_xml
from smartscope.analysis.io.tiff import BROKEN_TIFF, announces_more
from smartscope.domain.errors import BadFile, InvalidInput

Frame = NDArray[np.generic]
Page = tifffile.TiffPage | tifffile.TiffFrame

DEFAULT_FRACTIONS: Final = 40
#: TIFF compression -> bits of a run of empty pixels; None: a tag says, by directory
_RUN_BITS: Final = {65000: 8, 65001: 7, 65002: None}
_BITS_TAGS: Final = ((65007, 7), (65008, 2), (65009, 2))
_READ: Final = mmap.ACCESS_READ
_METADATA_TAG: Final = 65001
_ANGSTROM_PER_METRE: Final = 1e10


@dataclass(frozen=True, slots=True)
class _EventList:
    """Where one raw frame's events are in the file; bits of a run and of a place in x and y."""

    offset: int
    size: int
    bits: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class EerFrames:
    """An open EER file; `frames` are sums of consecutive raw frames, as even as they divide.

    `pixel_size_angstrom` and `dose_per_pixel` (electrons, whole movie) are the camera's own, None
    where it does not say. Frames may be read by several threads.
    """

    width_px: int
    height_px: int
    frames: int
    pixel_size_angstrom: float | None
    dose_per_pixel: float | None
    _name: str
    _events: tuple[_EventList, ...]
    _map: mmap.mmap

    @property
    def raw_frames(self) -> int:
        """How many the camera wrote."""
        return len(self._events)

    def read(self, index: int) -> Frame:
        """Electrons in fraction `index`, uint16 (height, width). Raises `BadFile`."""
        first, end = (number * self.raw_frames // self.frames for number in (index, index + 1))
        total = np.zeros((self.height_px, self.width_px), dtype=np.uint16)
        for raw in range(first, end):
            events = self._events[raw]
            data = self._map[events.offset : events.offset + events.size]
            # The decoder takes 16 bits at a time; the last run of empty pixels ends the frame.
            data += b"\0" * (len(data) % 2)
            try:
                imagecodecs.eer_decode(data, total.shape, *events.bits, out=total)
            except (RuntimeError, ValueError) as error:
                raise BadFile(
                    f"Raw frame {raw} of {self._name} does not decode ({error})."
                ) from error
        return total

    def close(self) -> None:
        """Give the map back."""
        self._map.close()


def open_eer(path: Path, *, fractions: int = DEFAULT_FRACTIONS) -> EerFrames:
    """Check every directory of an EER file; the caller closes it.

    Raises `BadFile` for a broken file or one cut short, `InvalidInput` for no fractions.
    """
    if fractions < 1:
        raise InvalidInput({"fractions": f"{fractions} is no number of frames; give 1 or more."})
    try:
        with tifffile.TiffFile(path) as file, path.open("rb") as stream:
            return _checked(file, path, fractions, mmap.mmap(stream.fileno(), 0, access=_READ))
    except BROKEN_TIFF as error:
        raise BadFile(
            f"{path.name} is no whole EER file: cut short, still being written, or of another "
            f"format ({error})."
        ) from error


def _checked(file: tifffile.TiffFile, path: Path, fractions: int, content: mmap.mmap) -> EerFrames:
    every = tuple(file.pages)
    # Some cameras put the integrated image, which is no event list, before the frames.
    pages = every[1:] if int(every[0].compression) not in _RUN_BITS else every
    _check_pages(pages, path)
    if announces_more(file, every[-1].offset):
        raise BadFile(
            f"{path.name} was cut short or is still being written: it announces more raw frames "
            f"than the {len(pages)} in it."
        )
    said = _said(every[0])
    promised = _stated(said, "numberOfFrames")
    if promised is not None and int(promised) != len(pages):
        raise BadFile(
            f"{path.name} has {len(pages)} raw frames where its own metadata promises "
            f"{int(promised)}: copy it again."
        )
    size = _stated(said, "sensorPixelSize.width", unit="m")
    height, width = pages[0].shape
    return EerFrames(
        width_px=width,
        height_px=height,
        frames=min(fractions, len(pages)),
        pixel_size_angstrom=None if size is None else size * _ANGSTROM_PER_METRE,
        dose_per_pixel=_stated(said, "totalDose", unit="e/pixel"),
        _name=path.name,
        _events=tuple(_event_list(page, len(content), path) for page in pages),
        _map=content,
    )


def _check_pages(pages: tuple[Page, ...], path: Path) -> None:
    if not 1 <= len(pages) <= MAX_EER_FRAMES:
        raise BadFile(f"{path.name} has {len(pages)} raw frames; 1 to {MAX_EER_FRAMES} are read.")
    shape = pages[0].shape
    if len(shape) != 2 or not 1 <= min(shape) <= max(shape) <= MAX_SIDE_PX:
        raise BadFile(f"{path.name} claims frames of shape {shape}, beyond what is read.")
    if shape[0] * shape[1] > MAX_IMAGE_PX:
        raise BadFile(f"{path.name} claims {shape[1]} x {shape[0]} pixels, beyond what is read.")
    for number_, page in enumerate(pages):
        if page.shape != shape or int(page.compression) not in _RUN_BITS:
            raise BadFile(f"Raw frame {number_} of {path.name} is no event list like its first.")


def _event_list(page: Page, file_bytes: int, path: Path) -> _EventList:
    if len(page.dataoffsets) != 1 or len(page.databytecounts) != 1:
        raise BadFile(f"A raw frame of {path.name} is in {len(page.dataoffsets)} parts, not one.")
    offset, size = int(page.dataoffsets[0]), int(page.databytecounts[0])
    if offset + size > file_bytes:
        raise BadFile(f"{path.name} was cut short or is still being written.")
    run_bits = _RUN_BITS[int(page.compression)]
    if run_bits is not None:
        return _EventList(offset, size, (run_bits, 2, 2))
    tags = page.aspage().tags
    written = [int(tags.valueof(tag, default)) for tag, default in _BITS_TAGS]
    return _EventList(offset, size, (written[0], written[1], written[2]))


def _said(page: Page) -> XmlNode | None:
    tag = page.tags.get(_METADATA_TAG) if isinstance(page, tifffile.TiffPage) else None
    if tag is None or not isinstance(tag.value, bytes):
        return None
    return parse_xml(tag.value.rstrip(b"\x00"), name="the camera's metadata")


def _stated(said: XmlNode | None, name: str, *, unit: str | None = None) -> float | None:
    """The positive number of the item called `name`, if it is there and in that unit."""
    for item in said.all("item") if said is not None else ():
        if item.attributes.get("name") == name and item.attributes.get("unit") == unit:
            value = number(item.text.strip())
            return value if value is not None and value > 0.0 else None
    return None
