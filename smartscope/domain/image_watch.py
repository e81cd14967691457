"""What the images themselves say of beam and camera: black, saturated, old, too dim, too bright.

A single odd image is the specimen's business. Two in a row forbid further exposures until a place
that was sound before has been looked at again: the same specimen under the same beam. Is it as it
was, the odd places are what they look like, thick, broken or opaque; is it odd too, and stays so
when looked at again and again, then it is the beam.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import hypot
from statistics import median

#: an image is compared with so many before it, once there are enough to compare with
COMPARABLE, LEAST_COMPARABLE = 20, 5
#: outside these parts of the median an image is odd
DIMMEST, BRIGHTEST = 0.5, 2.0
#: below this part of one count per electron sent it is black: a bar of the mesh lets more through
BLACK_BELOW_EXPECTED = 0.01
#: odd images in a row after which nothing but views is taken, and bad frames after which nothing is
ODD_ALLOWED, BAD_FRAMES_ALLOWED = 2, 2
#: looks at a sound place that may fail to show the beam before a person is asked
LOOKS_TRIED = 3
#: what was found to be the specimen's is so for its surroundings: about a square of the mesh
NEAR_UM = 50.0
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
class Place:
    """Where an image was taken: stage µm and degrees.

    `area` names the optics with which it may be looked at again at little cost, "" where it may
    not: a hole is not exposed twice.
    """

    x_um: float
    y_um: float
    tilt_deg: float = 0.0
    area: str = ""

    def is_near(self, other: Place | None) -> bool:
        """Whether both lie on about the same square."""
        if other is None:
            return False
        return hypot(self.x_um - other.x_um, self.y_um - other.y_um) <= NEAR_UM


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One image: `kind` names what it may be compared with; `mean` in counts per pixel.

    `electrons` were sent to each pixel of it, or of each of its frames. `again` marks a second look
    at the place of `ImageWatch.reference`, which is compared with that place alone.
    """

    kind: str
    mean: float
    sha256: str
    electrons: float = 0.0
    flat: bool = False
    saturated: bool = False
    place: Place | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class ImageWatch:
    """What is remembered of the last images; `after` gives the next state and the flaw.

    `reference` is the last sound image that may be looked at again, `suspects` the odd images of
    the present row, `cleared` odd images that turned out to be the specimen's.
    """

    means: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    checksums: tuple[str, ...] = ()
    odd_in_a_row: int = 0
    bad_frames_in_a_row: int = 0
    reference: Look | None = None
    suspects: tuple[Look, ...] = ()
    cleared: tuple[Look, ...] = ()

    @property
    def may_record(self) -> bool:
        """Whether high-magnification exposures are worth their dose."""
        return self.odd_in_a_row < ODD_ALLOWED and self.bad_frames_in_a_row == 0

    @property
    def to_look_at(self) -> Place | None:
        """Where to look before anything else is imaged; None while nothing is in doubt."""
        if self.odd_in_a_row < ODD_ALLOWED or self.reference is None:
            return None
        return self.reference.place

    @property
    def beam_lost(self) -> bool:
        """Looks were tried and none showed the beam as it was."""
        return self.odd_in_a_row >= ODD_ALLOWED + LOOKS_TRIED

    @property
    def camera_failed(self) -> bool:
        """More than one image in a row was worth nothing."""
        return self.bad_frames_in_a_row >= BAD_FRAMES_ALLOWED

    def after(self, look: Look) -> tuple[ImageWatch, Flaw | None]:
        """The memory with this image in it, and what is wrong with it."""
        flaw = self._flaw(look)
        if flaw is not None and not flaw.of_the_camera and self._is_cleared(look):
            watch, flaw, bad = self, None, 0
        elif flaw is None:
            watch, bad = self._with_sound(look), 0
        elif flaw.of_the_camera:
            watch, bad = self, self.bad_frames_in_a_row + 1
        else:
            watch, bad = self._with_odd(look), 0
        checksums = (*self.checksums, look.sha256)[-REMEMBERED:]
        return replace(watch, checksums=checksums, bad_frames_in_a_row=bad), flaw

    def on_another_grid(self) -> ImageWatch:
        """The grid leaves the stage: its places can be looked at no more."""
        return replace(self, reference=None, cleared=())

    def _with_odd(self, look: Look) -> ImageWatch:
        suspects = self.suspects if look.again else (*self.suspects, look)
        return replace(self, odd_in_a_row=self.odd_in_a_row + 1, suspects=suspects)

    def _with_sound(self, look: Look) -> ImageWatch:
        if look.again:
            cleared = (*self.cleared, *self.suspects)[-REMEMBERED:]
            return replace(self, odd_in_a_row=0, suspects=(), cleared=cleared)
        means = (*self.means.get(look.kind, ()), look.mean)[-COMPARABLE:]
        again = look.place is not None and look.place.area
        return replace(
            self,
            means={**self.means, look.kind: means},
            odd_in_a_row=0,
            suspects=(),
            reference=look if again else self.reference,
        )

    def _flaw(self, look: Look) -> Flaw | None:
        if look.flat or not look.mean > BLACK_BELOW_EXPECTED * look.electrons:
            return Flaw.BLACK
        if look.saturated:
            return Flaw.SATURATED
        if look.sha256 in self.checksums:
            return Flaw.REPEATED
        usual = self._usual(look)
        return None if usual is None else _odd(look.mean, usual)

    def _usual(self, look: Look) -> float | None:
        """What its mean is compared with; None while there is too little."""
        if look.again:
            return None if self.reference is None else self.reference.mean
        before = self.means.get(look.kind, ())
        return None if len(before) < LEAST_COMPARABLE else median(before)

    def _is_cleared(self, look: Look) -> bool:
        """Whether such an image was the specimen's nearby; it says nothing of the beam."""
        return not look.again and any(
            known.kind == look.kind
            and known.place is not None
            and known.place.is_near(look.place)
            and _odd(look.mean, known.mean) is None
            for known in self.cleared
        )


def _odd(mean: float, usual: float) -> Flaw | None:
    if mean < DIMMEST * usual:
        return Flaw.DIM
    return Flaw.BRIGHT if mean > BRIGHTEST * usual else None
