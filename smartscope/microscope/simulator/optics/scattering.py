"""How atoms, residues, water and carbon scatter: Peng's electron scattering factors and what
follows from them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.optics.electron import (
    relativistic_factor,
    wavelength_angstrom,
)
from smartscope.microscope.simulator.specimen.phantoms import RESIDUE_VOLUME_A3

Floats = NDArray[np.float64]

# Peng et al. 1996, five Gaussians: f(k) = Σ a·exp(-b k²/4), a in Å, b in Å², k in 1/Å.
PENG = {
    "H": (
        (0.0349, 0.1201, 0.1970, 0.0573, 0.1195),
        (0.5347, 3.5867, 12.3471, 18.9525, 38.6269),
    ),
    "C": (
        (0.0893, 0.2563, 0.7570, 1.0487, 0.3575),
        (0.2465, 1.7100, 6.4094, 18.6113, 50.2523),
    ),
    "N": (
        (0.1022, 0.3219, 0.7982, 0.8197, 0.1715),
        (0.2451, 1.7481, 6.1925, 17.3894, 48.1431),
    ),
    "O": (
        (0.0974, 0.2921, 0.6910, 0.6990, 0.2039),
        (0.2067, 1.3815, 4.6943, 12.7105, 32.4726),
    ),
}
RESIDUE = {"C": 4.9, "N": 1.35, "O": 1.5, "H": 7.8}
RESIDUE_B_A2 = 50.0
SOLVENT_PER_A3 = 0.0955
# Isolated-atom potentials overstate contrast; this brings it to what micrographs show (assumed).
CONTRAST_SHARE = 0.6
WATER_PER_A3 = 0.0314
CARBON_PER_A3 = 0.10


def scattering_factor(element: str, k: Floats) -> Floats:
    """f_e(k) in Å for k in 1/Å."""
    a, b = PENG[element]
    return sum((x * np.exp(-y * k**2 / 4) for x, y in zip(a, b, strict=True)), np.zeros_like(k))


def residue_phase(k: Floats, voltage_kv: float) -> Floats:
    """Phase (rad·Å²) of one residue against the water it replaces."""
    factor = sum(
        (count * scattering_factor(element, k) for element, count in RESIDUE.items()),
        np.zeros_like(k),
    )
    factor *= np.exp(-RESIDUE_B_A2 * k**2 / 4)
    solvent = SOLVENT_PER_A3 * RESIDUE_VOLUME_A3
    factor -= solvent * np.exp(-np.pi * RESIDUE_VOLUME_A3 ** (2 / 3) * k**2)
    return (
        CONTRAST_SHARE * wavelength_angstrom(voltage_kv) * relativistic_factor(voltage_kv) * factor
    )


def _step(k: Floats, middle: float, width: float) -> Floats:
    result: Floats = 1.0 / (1.0 + np.exp(-(k - middle) / width))
    return result


def ice_power(k: Floats, voltage_kv: float) -> Floats:
    """Phase power per area (rad²·Å²) of 1 Å of vitreous water; the ring at 3.7 Å (shape
    assumed).
    """
    water = scattering_factor("O", k) + 2 * scattering_factor("H", k)
    structure = 0.06 + 0.94 * _step(k, 0.24, 0.025) + 1.2 * np.exp(-(((k - 0.272) / 0.028) ** 2))
    strength = wavelength_angstrom(voltage_kv) * relativistic_factor(voltage_kv)
    return (strength * water) ** 2 * WATER_PER_A3 * structure


def solute_power(k: Floats, voltage_kv: float) -> Floats:
    """Phase power per area of 1 Å of buffer: coarse unevenness (assumed)."""
    strength = 0.9 * wavelength_angstrom(voltage_kv) * relativistic_factor(voltage_kv)
    return strength**2 * WATER_PER_A3 / (1.0 + (k / 0.004) ** 2)


def carbon_power(k: Floats, voltage_kv: float) -> Floats:
    """Phase power per area of 1 Å of amorphous carbon (assumed)."""
    strength = wavelength_angstrom(voltage_kv) * relativistic_factor(voltage_kv)
    structure = 0.35 + 0.65 * _step(k, 0.35, 0.05)
    return (strength * scattering_factor("C", k)) ** 2 * CARBON_PER_A3 * structure
