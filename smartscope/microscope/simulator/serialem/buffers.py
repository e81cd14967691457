"""SerialEM's image buffers: what is in them, and what SerialEM knows about each image."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine, Point
from smartscope.microscope.serialem.wire import IMAGE_BUFFERS
from smartscope.microscope.simulator.serialem.answers import ScriptError
from smartscope.microscope.values import StagePose

Pixels = NDArray[np.generic]
ROLLED = "ABCD"
READ_IN = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BufferImage:
    """One image, row 0 on top; `to_stage` maps its pixel centres (Y down) to stage µm.

    `defocus_um` is SerialEM's (negative is underfocus), `aligned_px` the shift that alignment
    gave it (image pixels, Y up), `image_shift` in the scope's own units.
    """

    pixels: Pixels
    to_stage: Affine
    pixel_nm: float
    stage: StagePose
    magnification: int = 0
    mag_index: int = 0
    binning: float = 1.0
    exposure_s: float = 0.0
    dose_e_per_a2: float = 0.0
    camera_set: int = READ_IN
    image_shift: tuple[float, float] = (0.0, 0.0)
    defocus_um: float = 0.0
    taken_at_s: float = 0.0
    aligned_px: tuple[float, float] = (0.0, 0.0)
    montage: bool = False

    @property
    def width(self) -> int:
        """Pixels in a row."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    def centre(self) -> Point:
        """The stage position in the middle of the image."""
        return self.to_stage.apply((self.width - 1) / 2, (self.height - 1) / 2)

    def aligned(self, x_px: float, y_px: float) -> BufferImage:
        """The same image with that alignment shift."""
        return replace(self, aligned_px=(x_px, y_px))

    def cut(self, left: int, top: int, width: int, height: int) -> BufferImage:
        """A part of it, still knowing where it is."""
        part = self.pixels[top : top + height, left : left + width]
        return replace(self, pixels=np.ascontiguousarray(part), to_stage=moved(self, left, top))


def moved(image: BufferImage, left: float, top: float) -> Affine:
    """The pixel-to-stage map when pixel (left, top) becomes the first."""
    origin = image.to_stage.apply(left, top)
    return replace(image.to_stage, tx=origin.x_um, ty=origin.y_um)


@dataclass(slots=True)
class Buffers:
    """A to T; a new image rolls the first four along."""

    images: dict[str, BufferImage] = field(default_factory=dict)
    shown: str = "A"

    def letter(self, text: str) -> str:
        """A buffer's letter. Raises ScriptError."""
        letter = text.strip().upper()[:1]
        if letter not in IMAGE_BUFFERS or not letter:
            raise ScriptError(f"{text!r} is no image buffer; use A to T")
        return letter

    def get(self, text: str) -> BufferImage:
        """The image in a buffer. Raises ScriptError when it is empty."""
        letter = self.letter(text)
        if letter not in self.images:
            raise ScriptError(f"There is no image in buffer {letter}")
        return self.images[letter]

    def take(self, image: BufferImage) -> None:
        """A new image comes into A; what was there goes one on, up to D."""
        for newer, older in zip(ROLLED[-2::-1], ROLLED[:0:-1], strict=True):
            if newer in self.images:
                self.images[older] = self.images[newer]
        self.put("A", image)

    def put(self, text: str, image: BufferImage) -> None:
        """Replace what is in a buffer."""
        letter = self.letter(text)
        self.images[letter] = image
        self.shown = letter
