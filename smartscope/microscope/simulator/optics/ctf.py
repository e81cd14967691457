"""The contrast transfer function, as a polynomial in the frequencies, and its envelope.

CTF = -sin(πλΔf k² - ½πCsλ³k⁴ + asin(w) + φ_plate), Δf positive underfocus,
Δf(θ) = mean + ½(u - v)·cos 2(θ - θ₀): positive phase (protein) is dark.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.microscope.simulator.optics.electron import wavelength_angstrom
from smartscope.microscope.simulator.optics.values import CtfTruth, RecordSettings

FloatImage = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Frequencies:
    """The half-plane of a real FFT: kx (1, nx), ky (ny, 1) and |k| (ny, nx) in 1/Å, float32."""

    kx: FloatImage
    ky: FloatImage
    k: FloatImage

    @classmethod
    def of(cls, shape: tuple[int, int], pixel_size_angstrom: float) -> Frequencies:
        """For an image of (height, width)."""
        kx = fft.rfftfreq(shape[1], pixel_size_angstrom)[None, :].astype(np.float32)
        ky = fft.fftfreq(shape[0], pixel_size_angstrom)[:, None].astype(np.float32)
        return cls(kx, ky, np.sqrt(kx * kx + ky * ky))


def ctf_of(settings: RecordSettings) -> CtfTruth:
    """The transfer a movie is taken with."""
    mean, half = settings.defocus_um * 1e4, settings.astigmatism_angstrom / 2
    return CtfTruth(
        defocus_u_angstrom=mean + half,
        defocus_v_angstrom=mean - half,
        astigmatism_angle_deg=settings.astigmatism_angle_deg,
        phase_shift_deg=settings.phase_plate_deg,
        voltage_kv=settings.voltage_kv,
        spherical_aberration_mm=settings.spherical_aberration_mm,
        amplitude_contrast=settings.amplitude_contrast,
        b_factor_a2=settings.b_factor_a2,
    )


def contrast_transfer(ctf: CtfTruth, frequencies: Frequencies) -> FloatImage:
    """The transfer on a half-plane, without envelope; (height, width // 2 + 1) float32."""
    wavelength = wavelength_angstrom(ctf.voltage_kv)
    mean = (ctf.defocus_u_angstrom + ctf.defocus_v_angstrom) / 2
    half = (ctf.defocus_u_angstrom - ctf.defocus_v_angstrom) / 2
    angle = 2 * math.radians(ctf.astigmatism_angle_deg)
    cos, sin = half * math.cos(angle), half * math.sin(angle)
    kx, ky = frequencies.kx, frequencies.ky
    turn = np.float32(math.pi * wavelength)
    phase = np.float32(mean + cos) * kx * kx + np.float32(mean - cos) * ky * ky
    phase += np.float32(2 * sin) * kx * ky
    phase *= turn
    k2 = np.square(frequencies.k)
    spherical = 0.5 * math.pi * ctf.spherical_aberration_mm * 1e7 * wavelength**3
    phase -= np.float32(spherical) * np.square(k2)
    phase += np.float32(math.asin(ctf.amplitude_contrast) + math.radians(ctf.phase_shift_deg))
    transfer: FloatImage = -np.sin(phase)
    return transfer


def coma_phase(settings: RecordSettings, frequencies: Frequencies) -> NDArray[np.complex64]:
    """exp(i·2πCsλ²k³τ·cos(θ - θτ)) for a beam tilt τ; only worth computing when τ is not zero."""
    wavelength = wavelength_angstrom(settings.voltage_kv)
    strength = 2 * math.pi * settings.spherical_aberration_mm * 1e7 * wavelength**2
    strength *= settings.coma_mrad * 1e-3
    angle = math.radians(settings.coma_angle_deg)
    along = frequencies.kx * np.float32(math.cos(angle)) + frequencies.ky * np.float32(
        math.sin(angle)
    )
    phase = np.float32(strength) * np.square(frequencies.k) * along
    result: NDArray[np.complex64] = np.exp(1j * phase).astype(np.complex64)
    return result


def envelope(k_per_angstrom: NDArray[np.float64], b_factor_a2: float) -> NDArray[np.float64]:
    """exp(-B k²/4)."""
    result: NDArray[np.float64] = np.exp(-b_factor_a2 * k_per_angstrom**2 / 4)
    return result
