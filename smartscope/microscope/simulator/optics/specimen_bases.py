"""The specimen's contrast as a few noise-free images, from which every frame of a movie is
combined.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.optics.crystalline import CrystallineIce
from smartscope.microscope.simulator.optics.ctf import (
    Frequencies,
    coma_phase,
    envelope,
)
from smartscope.microscope.simulator.optics.fresnel import (
    CARBON_RAD_PER_NM,
    DIRT_RAD_PER_NM,
    GOLD_RAD_PER_NM,
    MOST_DIRT_NM,
)
from smartscope.microscope.simulator.optics.grain import place_ramp, placed_white
from smartscope.microscope.simulator.optics.profiles import CameraProfile
from smartscope.microscope.simulator.optics.radiation import (
    damage_basis,
    split_power,
    surviving_amplitude,
)
from smartscope.microscope.simulator.optics.scattering import (
    carbon_power,
    ice_power,
    residue_phase,
    solute_power,
)
from smartscope.microscope.simulator.optics.splatting import residue_image
from smartscope.microscope.simulator.optics.tilted_transfer import transferred
from smartscope.microscope.simulator.optics.values import RecordSettings
from smartscope.microscope.simulator.specimen.hashing import Channel
from smartscope.microscope.simulator.specimen.values import Particle, Patch

# The specimen's slow maps are rendered this many record pixels coarser.
COARSE = 8
_TABLE = 1024

Floats = NDArray[np.float64]
FloatImage = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Bases:
    """Contrast images (1 + rank, height, width) on the padded field, and coefficients (frames, 1 +
    rank).

    `transmission`, `ice_nm`, `vitreous_nm` (ice that has not crystallised), `foil` and `dirt_nm`
    are on the padded field too.
    """

    images: FloatImage
    coefficients: Floats
    transmission: FloatImage
    ice_nm: FloatImage
    vitreous_nm: FloatImage
    foil: FloatImage
    dirt_nm: FloatImage


@dataclass(frozen=True, slots=True)
class Radial:
    """Functions of |k| as tables, read out on a half-plane by nearest entry."""

    k: Floats
    index: NDArray[np.intp]

    @classmethod
    def on(cls, frequencies: Frequencies) -> Radial:
        """A table of 1024 entries up to the corner of the half-plane."""
        step = float(frequencies.k.max()) / (_TABLE - 1)
        index = (frequencies.k * np.float32(1.0 / step) + np.float32(0.5)).astype(np.intp)
        return cls(np.arange(_TABLE, dtype=np.float64) * step, index)

    def spread(self, table: Floats) -> FloatImage:
        """The table's value at every frequency."""
        return table.astype(np.float32).take(self.index)


def transfer_table(k: Floats, settings: RecordSettings, profile: CameraProfile) -> Floats:
    """Envelope and detector transfer by |k|."""
    knots = np.array(profile.mtf)
    detector = np.interp(k * settings.pixel_size_angstrom, knots[:, 0], knots[:, 1])
    table: Floats = envelope(k, settings.b_factor_a2) * detector
    return table


def specimen_bases(
    coarse: Patch,
    affine: Affine,
    shape: tuple[int, int],
    particles: tuple[Particle, ...],
    settings: RecordSettings,
    profile: CameraProfile,
    dose_before: float,
    crystals: CrystallineIce | None = None,
) -> Bases:
    """Bases over a padded field of `shape`; `coarse` covers it at 8 times the pixel size."""
    frequencies = Frequencies.of(shape, settings.pixel_size_angstrom)
    radial = Radial.on(frequencies)
    passed = radial.spread(transfer_table(radial.k, settings, profile))
    maps = [
        _fine(layer, shape)
        for layer in (coarse.transmission, coarse.ice_nm, coarse.foil, coarse.contaminant_nm)
    ]
    transmission, ice, foil, dirt = maps
    vitreous = ice
    if crystals is not None:
        transmission = transmission * crystals.transmission
        vitreous = ice * (1 - crystals.coverage)
    fixed = _grain(coarse, affine, radial, vitreous, foil, settings)
    if crystals is not None:
        fixed += fft.rfft2(crystals.phase)
    fixed += _coarse_phase(coarse, foil, dirt)
    coefficients, tables = _damage(radial.k, settings, dose_before)
    spectra = [fixed]
    if particles:
        molecules = _molecules(particles, affine, shape, settings)
        for n, table in enumerate(tables):
            part = molecules * radial.spread(table * residue_phase(radial.k, settings.voltage_kv))
            if n == 0:
                fixed += part
            else:
                spectra.append(part)
    else:
        coefficients = coefficients[:, :1]
    images = np.empty((len(spectra), *shape), dtype=np.float32)
    for n, spectrum in enumerate(spectra):
        spectrum *= passed
        if settings.coma_mrad:
            spectrum *= coma_phase(settings, frequencies)
        images[n] = transferred(spectrum, frequencies, shape, settings)
    return Bases(images, coefficients, transmission, ice, vitreous, foil, dirt)


def _fine(layer: FloatImage, shape: tuple[int, int]) -> FloatImage:
    """A coarse layer for every pixel of the field, bilinearly; the coarse patch is centred on the
    field.
    """
    if float(np.ptp(layer)) < 1e-6:
        return np.full(shape, layer.mean(), dtype=np.float32)
    axes = [
        (np.arange(n) - (n - 1) / 2) / COARSE + (m - 1) / 2
        for n, m in zip(shape, layer.shape, strict=True)
    ]
    rows = ndimage.map_coordinates(
        layer, np.meshgrid(axes[0], np.arange(layer.shape[1]), indexing="ij"), order=1
    )
    whole = np.floor(axes[1]).astype(np.int64)
    rest = (axes[1] - whole).astype(np.float32)
    fine: FloatImage = rows[:, whole] * (1 - rest) + rows[:, whole + 1] * rest
    return fine


def _grain(
    coarse: Patch,
    affine: Affine,
    radial: Radial,
    ice: FloatImage,
    foil: FloatImage,
    settings: RecordSettings,
) -> NDArray[np.complex64]:
    """Spectrum of what stays: the lasting part of the ice's noise, solute, and carbon where there
    is foil.
    """
    shape = (ice.shape[0], ice.shape[1])
    static, _ = split_power(radial.k, settings.dose_e_per_a2, settings.frames)
    power = ice_power(radial.k, settings.voltage_kv) * static
    power += solute_power(radial.k, settings.voltage_kv)
    white = placed_white(coarse.seed, Channel.RECORD_STATIC, affine, shape)
    white *= np.sqrt(ice * np.float32(10.0 / settings.pixel_size_angstrom**2))
    spectrum = fft.rfft2(white, overwrite_x=True)
    spectrum *= radial.spread(np.sqrt(power))
    if float(foil.max()) > 0.01:
        white = placed_white(coarse.seed, Channel.RECORD_CARBON, affine, shape)
        white *= foil * np.float32(
            math.sqrt(10.0 * coarse.foil_thickness_nm) / settings.pixel_size_angstrom
        )
        carbon = fft.rfft2(white, overwrite_x=True)
        carbon *= radial.spread(np.sqrt(carbon_power(radial.k, settings.voltage_kv)))
        spectrum += carbon
    spectrum *= place_ramp(affine, shape)
    result: NDArray[np.complex64] = spectrum
    return result


def _coarse_phase(
    coarse: Patch, foil: FloatImage, dirt: FloatImage
) -> NDArray[np.complex64] | np.complex64:
    """Spectrum of foil edges and dirt as a weak phase: their fringes, not their absorption."""
    if float(np.ptp(foil)) < 1e-3 and float(np.ptp(dirt)) < 0.1:
        return np.complex64(0)
    rad = coarse.foil_thickness_nm * (GOLD_RAD_PER_NM if coarse.foil_is_gold else CARBON_RAD_PER_NM)
    # A weak phase has no meaning above a radian: the sine keeps strong edges bounded.
    phase = np.float32(math.sin(min(rad, math.pi / 2))) * foil
    phase += np.sin(
        np.float32(DIRT_RAD_PER_NM) * np.minimum(dirt, np.float32(min(MOST_DIRT_NM, 50.0)))
    )
    phase -= phase.mean()
    spectrum: NDArray[np.complex64] = fft.rfft2(phase)
    return spectrum


def _damage(k: Floats, settings: RecordSettings, dose_before: float) -> tuple[Floats, Floats]:
    frame_dose = settings.dose_e_per_a2 / settings.frames
    dose = dose_before + (np.arange(settings.frames, dtype=np.float64) + 0.5) * frame_dose
    return damage_basis(surviving_amplitude(k, dose, settings.voltage_kv))


def _molecules(
    particles: tuple[Particle, ...],
    affine: Affine,
    shape: tuple[int, int],
    settings: RecordSettings,
) -> NDArray[np.complex64]:
    """Spectrum of residues per area, so that multiplying by a residue's phase gives radians."""
    determinant = affine.a * affine.d - affine.b * affine.c
    dx = np.array([p.stage_x_um for p in particles]) - affine.tx
    dy = np.array([p.stage_y_um for p in particles]) - affine.ty
    places = np.stack(
        [
            (affine.d * dx - affine.b * dy) / determinant,
            (affine.a * dy - affine.c * dx) / determinant,
        ],
        axis=-1,
    )
    residues = residue_image(particles, places, shape, settings.pixel_size_angstrom)
    residues *= np.float32(1.0 / settings.pixel_size_angstrom**2)
    spectrum: NDArray[np.complex64] = fft.rfft2(residues, overwrite_x=True)
    return spectrum
