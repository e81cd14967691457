"""The contrast transfer of a lens, as formulas; it looks at no image.

χ = πλΔf(θ)k² - ½πCsλ³k⁴ + asin(w) + φ and CTF = -sin χ, with Δf positive for underfocus and
Δf(θ) = ½(u + v) + ½(u - v)·cos 2(θ - θ₀), θ from the x axis towards the y axis (down).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import constants

from smartscope.analysis.base import FloatArray
from smartscope.domain.errors import InvalidInput

_VOLTAGES_KV = (20.0, 1500.0)
_ABERRATIONS_MM = (0.0, 20.0)
_AMPLITUDE_CONTRASTS = (0.0, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Optics:
    """What is known of the microscope before looking: kV, Cs in mm, amplitude contrast 0 to 0.9.

    Raises `InvalidInput` for values no microscope has.
    """

    voltage_kv: float = 300.0
    spherical_aberration_mm: float = 2.7
    amplitude_contrast: float = 0.07

    def __post_init__(self) -> None:
        for name, value, limits in (
            ("voltage_kv", self.voltage_kv, _VOLTAGES_KV),
            ("spherical_aberration_mm", self.spherical_aberration_mm, _ABERRATIONS_MM),
            ("amplitude_contrast", self.amplitude_contrast, _AMPLITUDE_CONTRASTS),
        ):
            if not limits[0] <= value <= limits[1]:
                raise InvalidInput({name: f"{value} is not between {limits[0]} and {limits[1]}."})

    @property
    def wavelength_angstrom(self) -> float:
        """λ = h / √(2 m e U (1 + eU / 2mc²)), the relativistic electron's; 0.0197 Å at 300 kV."""
        energy_j = constants.e * self.voltage_kv * 1e3
        rest_j = constants.m_e * constants.c**2
        momentum = math.sqrt(2 * constants.m_e * energy_j * (1 + energy_j / (2 * rest_j)))
        return 1e10 * constants.h / momentum

    @property
    def amplitude_phase_rad(self) -> float:
        """asin(w): what amplitude contrast adds to the phase."""
        return math.asin(self.amplitude_contrast)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defocus:
    """Mean defocus and the astigmatism vector ½(u - v)·(cos 2θ₀, sin 2θ₀), Å; phase plate, rad."""

    mean_angstrom: float
    cos_angstrom: float = 0.0
    sin_angstrom: float = 0.0
    phase_shift_rad: float = 0.0

    @classmethod
    def of_axes(
        cls, u_angstrom: float, v_angstrom: float, axis_deg: float, phase_shift_deg: float = 0.0
    ) -> Defocus:
        """From the two principal defoci and the direction (degrees) of the first."""
        half, twice = 0.5 * (u_angstrom - v_angstrom), math.radians(2 * axis_deg)
        return cls(
            mean_angstrom=0.5 * (u_angstrom + v_angstrom),
            cos_angstrom=half * math.cos(twice),
            sin_angstrom=half * math.sin(twice),
            phase_shift_rad=math.radians(phase_shift_deg),
        )

    @property
    def half_astigmatism_angstrom(self) -> float:
        """½(u - v), never negative."""
        return math.hypot(self.cos_angstrom, self.sin_angstrom)

    @property
    def u_angstrom(self) -> float:
        """The larger principal defocus."""
        return self.mean_angstrom + self.half_astigmatism_angstrom

    @property
    def v_angstrom(self) -> float:
        """The smaller principal defocus."""
        return self.mean_angstrom - self.half_astigmatism_angstrom

    @property
    def axis_deg(self) -> float:
        """Direction of the larger defocus, 0 to 180°, from x towards y (down)."""
        return math.degrees(0.5 * math.atan2(self.sin_angstrom, self.cos_angstrom)) % 180.0


def aberration_phase(
    optics: Optics,
    defocus: Defocus,
    k_square: FloatArray,
    cos_twice: FloatArray | float = 0.0,
    sin_twice: FloatArray | float = 0.0,
) -> FloatArray:
    """χ in rad at |k|² (Å⁻²) in directions given by cos 2θ and sin 2θ; 0, 0 is the mean defocus."""
    wavelength = optics.wavelength_angstrom
    along = (
        defocus.mean_angstrom
        + defocus.cos_angstrom * np.asarray(cos_twice)
        + defocus.sin_angstrom * np.asarray(sin_twice)
    )
    phase: FloatArray = math.pi * wavelength * k_square * (along - _spherical(optics) * k_square)
    return phase + optics.amplitude_phase_rad + defocus.phase_shift_rad


def phase_slope(optics: Optics, defocus: Defocus, k_per_angstrom: FloatArray) -> FloatArray:
    """dχ/dk in rad·Å at the mean defocus."""
    k = k_per_angstrom
    slope: FloatArray = (
        2
        * math.pi
        * optics.wavelength_angstrom
        * k
        * (defocus.mean_angstrom - 2 * _spherical(optics) * k**2)
    )
    return slope


def equal_phase_square(
    optics: Optics,
    defocus: Defocus,
    k_square: FloatArray,
    cos_twice: FloatArray,
    sin_twice: FloatArray,
) -> FloatArray:
    """|k|² (Å⁻²) at which the mean defocus has the phase found here; undoes astigmatism.

    Beyond the turning point, where Cs outweighs defocus, no such frequency need exist: there the
    frequency itself is returned.
    """
    spherical = _spherical(optics)
    along = defocus.cos_angstrom * cos_twice + defocus.sin_angstrom * sin_twice
    wanted = k_square * (defocus.mean_angstrom + along - spherical * k_square)
    if spherical == 0.0:
        flat: FloatArray = wanted / defocus.mean_angstrom
        return flat
    turning = defocus.mean_angstrom / (2 * spherical)
    inside = np.square(turning) - wanted / spherical
    found: FloatArray = turning - np.sqrt(np.maximum(inside, 0.0))
    return np.where((inside > 0.0) & (k_square < turning), found, k_square)


def _spherical(optics: Optics) -> float:
    """½Csλ² in Å, so that χ = πλk²(Δf - ½Csλ²k²)."""
    return 0.5 * optics.spherical_aberration_mm * 1e7 * optics.wavelength_angstrom**2
