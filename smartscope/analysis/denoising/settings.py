"""How a denoising network is built and taught; no torch is needed to say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class CareSettings:
    """One epoch shows `steps_per_epoch` batches out of `patches` squares of `patch_px` a side.

    `widths` are channels of the U-Net's levels. `residual` adds input to output. With `turned`,
    patches come in eight orientations and either member may be the input. With `levelled`, a patch
    counts less the stronger its signal, so that a strip of foil does not outweigh all molecules.
    A `validation_share` of the patches is not learnt from.
    """

    widths: tuple[int, ...] = (16, 32, 64)
    residual: bool = True
    turned: bool = True
    levelled: bool = True
    patches: int = 1000
    patch_px: int = 128
    batch: int = 16
    epochs: int = 5
    steps_per_epoch: int = 75
    rate: float = 4e-4
    validation_share: float = 0.1

    @property
    def steps(self) -> int:
        """Batches in all."""
        return self.epochs * self.steps_per_epoch


#: as the paper and the program it was made with have it, on pixels as they come
PUBLISHED: Final = CareSettings(
    widths=(32, 64, 128), residual=False, turned=False, levelled=False, epochs=100
)
#: a shipped network made at home on one grid
TUNING: Final = CareSettings()
