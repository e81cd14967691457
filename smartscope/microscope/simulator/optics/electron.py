"""The electron: its wavelength and its relativistic interaction factor."""

from __future__ import annotations

import math


def wavelength_angstrom(voltage_kv: float) -> float:
    """λ = 12.2643/√(U + 0.97845e-6 U²) Å with U in volts: 0.01969 at 300 kV, 0.02508 at 200 kV."""
    volts = voltage_kv * 1e3
    return 12.2643 / math.sqrt(volts + 0.97845e-6 * volts**2)


def relativistic_factor(voltage_kv: float) -> float:
    """γ = 1 + U/511 kV: 1.587 at 300 kV."""
    return 1.0 + voltage_kv / 511.0
