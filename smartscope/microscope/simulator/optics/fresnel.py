"""Far-defocused images of film and ice: the exit wave carried to the defocus by Fresnel
propagation.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.microscope.simulator.optics.electron import wavelength_angstrom
from smartscope.microscope.simulator.optics.grain import placed_white, shifted_to_place
from smartscope.microscope.simulator.specimen.hashing import Channel
from smartscope.microscope.simulator.specimen.values import Patch

# Phase in rad per nm at 300 kV: ice, carbon (literature), gold and dirt (assumed).
ICE_RAD_PER_NM = 0.025
CARBON_RAD_PER_NM = 0.060
GOLD_RAD_PER_NM = 0.15
DIRT_RAD_PER_NM = 0.03
MOST_DIRT_NM = 200.0
FILM_GRAIN_RAD = 0.10
ICE_GRAIN_RAD = 0.04
GRAIN_PIXEL_NM = 8.0
ENVELOPE_NM = 4.0
LEAST_MARGIN_PX = 32

FloatImage = NDArray[np.float32]


def fresnel_margin_px(defocus_um: float, voltage_kv: float, pixel_size_um: float) -> int:
    """Pixels to render beyond each side so that the FFT's wrap never reaches the image; even."""
    pixel_nm = pixel_size_um * 1e3
    spread_nm = 0.1 * wavelength_angstrom(voltage_kv) * abs(defocus_um) * 1e3 / (2 * pixel_nm)
    return LEAST_MARGIN_PX + 2 * math.ceil(spread_nm / pixel_nm)


def defocused_intensity(patch: Patch, defocus_um: float, voltage_kv: float) -> FloatImage:
    """I/I0 at a defocus (positive under), same shape as the patch; its borders are not to be
    trusted.

    Exit wave √T·exp(iφ); transfer exp(-iπλΔz k²)·exp(-2(π·4 nm·k)²) with Δz negative for
    underfocus.
    """
    phase = projected_phase(patch)
    amplitude = np.sqrt(np.maximum(patch.transmission, np.float32(0)))
    wave = np.empty(phase.shape, dtype=np.complex64)
    np.multiply(amplitude, np.cos(phase), out=wave.real)
    np.multiply(amplitude, np.sin(phase), out=wave.imag)
    height, width = phase.shape
    pixel_nm = patch.pixel_size_um * 1e3
    factors = [
        _propagator(fft.fftfreq(n, pixel_nm), defocus_um, voltage_kv) for n in (height, width)
    ]
    spectrum = fft.fft2(wave, overwrite_x=True)
    spectrum *= factors[0][:, None]
    spectrum *= factors[1][None, :]
    wave = fft.ifft2(spectrum, overwrite_x=True)
    return np.square(wave.real) + np.square(wave.imag)


def _propagator(
    k_per_nm: NDArray[np.float64], defocus_um: float, voltage_kv: float
) -> NDArray[np.complex64]:
    """One axis of the transfer function: it is separable."""
    wavelength_nm = 0.1 * wavelength_angstrom(voltage_kv)
    turn = np.pi * wavelength_nm * defocus_um * 1e3 * k_per_nm**2
    factor: NDArray[np.complex64] = np.exp(
        1j * turn - 2 * (np.pi * ENVELOPE_NM * k_per_nm) ** 2
    ).astype(np.complex64)
    return factor


def projected_phase(patch: Patch) -> FloatImage:
    """Phase of the exit wave in rad: materials by thickness, and grain that stays with its
    place.
    """
    foil_rad_per_nm = GOLD_RAD_PER_NM if patch.foil_is_gold else CARBON_RAD_PER_NM
    shape = (patch.foil.shape[0], patch.foil.shape[1])
    scale = GRAIN_PIXEL_NM / (patch.pixel_size_um * 1e3)
    sd = np.float32(FILM_GRAIN_RAD * math.sqrt(patch.foil_thickness_nm / 15.0) * scale) * patch.foil
    sd += np.float32(ICE_GRAIN_RAD * scale / math.sqrt(60.0)) * np.sqrt(
        np.maximum(patch.ice_nm, np.float32(0))
    )
    grain = placed_white(patch.seed, Channel.FILM_GRAIN, patch.image_to_stage, shape)
    phase = shifted_to_place(grain, patch.image_to_stage)
    phase *= sd
    phase += np.float32(ICE_RAD_PER_NM) * patch.ice_nm
    phase += np.float32(foil_rad_per_nm * patch.foil_thickness_nm) * patch.foil
    phase += np.float32(DIRT_RAD_PER_NM) * np.minimum(
        patch.contaminant_nm, np.float32(MOST_DIRT_NM)
    )
    return phase
