"""What else is known of an exposure when it is judged: CTF fit, thicknesses of ice, motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from smartscope.analysis.base import FloatArray
from smartscope.analysis.ctf.estimate import CtfFit
from smartscope.analysis.ctf.ice_thickness import IceThickness


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Each None is not known. Lengths in Å; ice in nm.

    `ctf_sought` tells a CTF that was not found from one that nobody looked for. `seen_ice_nm` is by
    the brightness of the hole, `rings_ice_nm` by how the Thon rings fade. `frame_step_angstrom` is
    the median way from frame to frame in the later half of the movie.
    """

    ctf_sought: bool = False
    ctf_fit_angstrom: float | None = None
    defocus_error_angstrom: float | None = None
    seen_ice_nm: float | None = None
    rings_ice_nm: float | None = None
    drift_angstrom: float | None = None
    frame_step_angstrom: float | None = None

    @classmethod
    def of(
        cls,
        *,
        fit: CtfFit | None,
        ice: IceThickness | None,
        shifts_angstrom: FloatArray,
        seen_ice_nm: float | None,
    ) -> Self:
        """From what was measured; `shifts_angstrom` (frames, 2) are of whole frames."""
        steps = np.hypot(*np.diff(shifts_angstrom, axis=0).T) if len(shifts_angstrom) > 1 else []
        later = steps[len(steps) // 2 :]
        return cls(
            ctf_sought=True,
            ctf_fit_angstrom=None if fit is None else fit.fit_angstrom,
            defocus_error_angstrom=None if fit is None else fit.defocus_error_angstrom,
            seen_ice_nm=seen_ice_nm,
            rings_ice_nm=None if ice is None else ice.thickness_nm,
            drift_angstrom=float(np.sum(steps)) if len(steps) else None,
            frame_step_angstrom=float(np.median(later)) if len(later) else None,
        )
