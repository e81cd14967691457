"""What the images themselves say of beam and camera: black, saturated, old, too dim, too bright.

A single odd image is the specimen's business. Two in a row that no neighbour explains forbid
further exposures; views, which cost little dose, then say whether the beam is back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import median

#: an image is compared with so many before it, once there are enough to compare with
COMPARABLE, LEAST_COMPARABLE = 20, 5
#: outside these parts of the median an image is odd
DIMMEST, BRIGHTEST = 0.5, 2.0
#: below this part of the median it is black, though not a single pixel need be zero
BLACK_BELOW = 0.05
#: and below this part of one count per electron sent, whatever there is to compare with
BLACK_BELOW_EXPECTED = 0.01
#: odd images in a row after which nothing but views is taken, and bad frames after which nothing is
ODD_ALLOWED, BAD_FRAMES_ALLOWED = 2, 2
#: views that may fail to show the beam before a person is asked
VIEWS_TRIED = 3
#: so many of the last checksums are remembered: a camera that hangs returns an old image
REMEMBERED = 50


class Flaw(StrEnum):
    """What is wrong with one image."""

    BLACK = "black"
    SATURATED = "saturated"
    REPEATED = "repeated"
    DIM = "dim"
    BRIGHT = "bright"

    @property
    def of_the_camera(self) -> bool:
        """Whether the image is worth nothing, whatever the specimen."""
        return self in (Flaw.BLACK, Flaw.SATURATED, Flaw.REPEATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One image: `kind` names what it may be compared with; `mean` in counts per pixel.

    `electrons` were sent to each pixel of it, or of each of its frames.
    """

    kind: str
    mean: float
    sha256: str
    electrons: float = 0.0
    flat: bool = False
    saturated: bool = False


@dataclass(frozen=True, slots=True)
class ImageWatch:
    """What is remembered of the last images; `after` gives the next state and the flaw."""

    means: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    checksums: tuple[str, ...] = ()
    odd_in_a_row: int = 0
    bad_frames_in_a_row: int = 0

    @property
    def may_record(self) -> bool:
        """Whether high-magnification exposures are worth their dose."""
        return self.odd_in_a_row < ODD_ALLOWED and self.bad_frames_in_a_row == 0

    @property
    def beam_lost(self) -> bool:
        """Views were tried and none showed the beam as it was."""
        return self.odd_in_a_row >= ODD_ALLOWED + VIEWS_TRIED

    @property
    def camera_failed(self) -> bool:
        """More than one image in a row was worth nothing."""
        return self.bad_frames_in_a_row >= BAD_FRAMES_ALLOWED

    def after(self, look: Look) -> tuple[ImageWatch, Flaw | None]:
        """The memory with this image in it, and what is wrong with it."""
        flaw = self._flaw(look)
        checksums = (*self.checksums, look.sha256)[-REMEMBERED:]
        if flaw is not None and flaw.of_the_camera:
            bad = self.bad_frames_in_a_row + 1
            return replace(self, checksums=checksums, bad_frames_in_a_row=bad), flaw
        if flaw is not None:
            odd = self.odd_in_a_row + 1
            return replace(self, checksums=checksums, odd_in_a_row=odd, bad_frames_in_a_row=0), flaw
        means = (*self.means.get(look.kind, ()), look.mean)[-COMPARABLE:]
        return ImageWatch({**self.means, look.kind: means}, checksums), None

    def _flaw(self, look: Look) -> Flaw | None:
        if look.flat or not look.mean > BLACK_BELOW_EXPECTED * look.electrons:
            return Flaw.BLACK
        if look.saturated:
            return Flaw.SATURATED
        if look.sha256 in self.checksums:
            return Flaw.REPEATED
        before = self.means.get(look.kind, ())
        if len(before) < LEAST_COMPARABLE:
            return None
        part = look.mean / median(before)
        if part < BLACK_BELOW:
            return Flaw.BLACK
        if part < DIMMEST:
            return Flaw.DIM
        return Flaw.BRIGHT if part > BRIGHTEST else None
