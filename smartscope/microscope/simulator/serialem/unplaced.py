"""Images that came from a file or a client: SerialEM does not know where they were taken."""

from __future__ import annotations

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.serialem.buffers import BufferImage, Pixels
from smartscope.microscope.values import StagePose


def unplaced(pixels: Pixels, pixel_nm: float) -> BufferImage:
    """An image about stage (0, 0), camera Y up, with the pixel its file gives (nm)."""
    height, width = int(pixels.shape[0]), int(pixels.shape[1])
    side_um = pixel_nm * 1e-3
    to_stage = Affine(
        side_um, 0.0, -side_um * (width - 1) / 2, 0.0, side_um, -side_um * (height - 1) / 2
    )
    stage = StagePose(x_um=0.0, y_um=0.0)
    return BufferImage(pixels=pixels, to_stage=to_stage, pixel_nm=pixel_nm, stage=stage)
