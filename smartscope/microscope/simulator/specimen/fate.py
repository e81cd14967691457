"""What was meant to become of each square: its ice terms, damage and dirt, as pure functions of its
index.

An intention is never a label; labels are measured on the finished square (`labels`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from smartscope.microscope.simulator.specimen.hashing import Channel, normal, uniform
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.noise import smooth
from smartscope.microscope.simulator.specimen.spec import SpecimenSpec

DAMAGE_NONE, DAMAGE_CRACKED, DAMAGE_BROKEN, DAMAGE_EMPTY = range(4)
PATCH_CELL_UM = 350.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fates:
    """Arrays over squares. Lengths in µm, ice in nm; the lens sits at (lens_u, lens_v) from the
    centre.
    """

    ice_nm: Floats
    edge_nm: Floats
    edge_power: Floats
    lens_nm: Floats
    lens_radius_um: Floats
    lens_u_um: Floats
    lens_v_um: Floats
    damage: Ints
    contamination: Floats


def square_fates(spec: SpecimenSpec, mesh: Mesh, i: Ints, j: Ints) -> Fates:
    """Everything decided per square. Thick squares of the blot become small ones, thin ones dry."""
    wetness = _wetness(spec, mesh, i, j)
    ice_spec, prior = spec.ice, spec.prior
    sd = math.sqrt(
        ice_spec.square_spread**2
        + ice_spec.patch_spread**2
        + (0.5 * 1.6 * ice_spec.blot_gradient) ** 2
    )
    rank = ndtr(wetness / sd)
    small, dry = rank > 1.0 - prior.small, rank < prior.dry
    draw = uniform(spec.seed, Channel.SQUARE_EDGE, i[..., None], j[..., None], np.arange(3))
    edge = np.where(small, 1200.0 + 2500.0 * draw[..., 0], 20.0 + 110.0 * draw[..., 0])
    power = np.where(small, 1.6 + 1.2 * draw[..., 1], 5.0 + 4.0 * draw[..., 1])
    dryness = np.where(dry, 0.05 * draw[..., 2], 1.0)
    lens = _lenses(spec, mesh, i, j)
    damage, contaminated = _mishaps(spec, i, j)
    return Fates(
        ice_nm=ice_spec.mean_nm * np.exp(np.minimum(wetness, 1.2)) * dryness,
        edge_nm=edge * np.where(dry, 0.05, 1.0),
        edge_power=power,
        lens_nm=np.where(dry, 0.0, lens[0]),
        lens_radius_um=lens[1],
        lens_u_um=lens[2],
        lens_v_um=lens[3],
        damage=damage,
        contamination=_contamination(spec, i, j, contaminated),
    )


def _wetness(spec: SpecimenSpec, mesh: Mesh, i: Ints, j: Ints) -> Floats:
    """Log of the square's thickness relative to the grid's: blot gradient, square and patch
    spread.
    """
    pitch = mesh.spec.pitch_um
    x, y = mesh.to_stage(i * pitch, j * pitch)
    angle = 2.0 * math.pi * float(uniform(spec.seed, Channel.BLOT, 0)[0])
    along_um = x * math.cos(angle) + y * math.sin(angle)
    return (
        1.6 * spec.ice.blot_gradient * along_um / 900.0
        + spec.ice.square_spread * normal(spec.seed, Channel.SQUARE_ICE, i, j)
        + spec.ice.patch_spread
        * smooth(
            spec.seed, Channel.SQUARE_ICE_PATCH, np.atleast_1d(x), np.atleast_1d(y), PATCH_CELL_UM
        )
    )


def _lenses(
    spec: SpecimenSpec, mesh: Mesh, i: Ints, j: Ints
) -> tuple[Floats, Floats, Floats, Floats]:
    draw = uniform(spec.seed, Channel.SQUARE_LENS, i[..., None], j[..., None], np.arange(5))
    present = draw[..., 0] < spec.ice.lens_probability
    reach = 0.35 * mesh.spec.opening_um
    return (
        np.where(present, 150.0 + 500.0 * draw[..., 1] ** 2, 0.0),
        4.0 + 6.0 * draw[..., 2],
        reach * (2.0 * draw[..., 3] - 1.0),
        reach * (2.0 * draw[..., 4] - 1.0),
    )


def _mishaps(spec: SpecimenSpec, i: Ints, j: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Damage code and whether the square was meant to be contaminated."""
    prior = spec.prior
    limits = np.cumsum([prior.empty, prior.broken, prior.cracked, prior.contaminated])
    fate = np.searchsorted(limits, uniform(spec.seed, Channel.SQUARE_FATE, i, j), side="right")
    codes = np.array([DAMAGE_EMPTY, DAMAGE_BROKEN, DAMAGE_CRACKED, DAMAGE_NONE, DAMAGE_NONE])
    return codes[fate], fate == 3


def _contamination(spec: SpecimenSpec, i: Ints, j: Ints, contaminated: NDArray[np.bool_]) -> Floats:
    spread = np.exp(0.6 * normal(spec.seed, Channel.CONTAMINATION_FACTOR, i, j))
    burden = 18.0 + 22.0 * uniform(spec.seed, Channel.CONTAMINATION_FACTOR, i, j, 8)
    return spec.contamination_density * np.where(contaminated, burden, spread)
