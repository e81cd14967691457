"""How fast amplitudes fall with spatial frequency (Guinier plot)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.resolution.shells import shells_of, spectrum
from smartscope.domain.errors import InvalidInput


def b_factor_square_angstrom(
    image: NDArray[np.generic],
    *,
    pixel_size_angstrom: float,
    from_angstrom: float = 10.0,
    to_angstrom: float | None = None,
) -> float:
    """B of amplitudes that fall as exp(-B k²/4): ln|F|² against k² has slope -B/2.

    That is the crystallographers' B = 8π²⟨u²⟩. Fitted between `from_angstrom` and `to_angstrom`
    (two pixels when None), each shell weighed by its coefficients. Raises `InvalidInput` when fewer
    than three shells lie between.
    """
    shells = shells_of(image.shape, pixel_size_angstrom=pixel_size_angstrom)
    counts = shells.independent()
    power = shells.total(np.abs(spectrum(image)) ** 2) / np.maximum(2.0 * counts, 1.0)
    k = shells.k_per_angstrom
    end = 2.0 * pixel_size_angstrom if to_angstrom is None else to_angstrom
    used = (k >= 1.0 / from_angstrom) & (k <= 1.0 / end) & (power > 0.0)
    if np.count_nonzero(used) < 3:
        raise InvalidInput(
            {"from_angstrom": f"Between {from_angstrom} and {end} Å lie fewer than three shells."}
        )
    slope = np.polyfit(k[used] ** 2, np.log(power[used]), 1, w=np.sqrt(counts[used]))[0]
    return float(-2.0 * slope)
