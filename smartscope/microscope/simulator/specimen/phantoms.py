"""Macromolecules made in code: residue positions of idealised assemblies, so that nothing is
downloaded.

Globules hold residues at hashed places; sizes follow a protein's volume of 132 Å³ per residue.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from smartscope.domain.errors import SmartscopeError
from smartscope.microscope.simulator.specimen.hashing import Channel, uniform

RESIDUE_VOLUME_A3 = 132.0
DIAMETER_NM = {"t20s": 15.0, "shell24": 12.5, "shell60": 18.0, "rod": 20.0, "globule60k": 6.0}

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Phantom:
    """Residue positions (n, 3) in Å about the centre, and the hard-core diameter in nm."""

    name: str
    residues_angstrom: Floats
    diameter_nm: float


@lru_cache(maxsize=8)
def phantom(name: str) -> Phantom:
    """The phantom of that name (keys of `DIAMETER_NM`); raises SmartscopeError for another name."""
    makers: dict[str, Callable[[], Floats]] = {
        "t20s": _barrel,
        "shell24": lambda: _shell("O", 170, 51.0),
        "shell60": lambda: _shell("I", 160, 76.0),
        "rod": _rod,
        "globule60k": lambda: _globule(540, 0, 1.25),
    }
    if name not in makers:
        raise SmartscopeError(f"There is no phantom {name!r}; choose one of {sorted(makers)}.")
    residues = makers[name]()
    return Phantom(name, residues - residues.mean(axis=0), DIAMETER_NM[name])


def _globule(residues: int, salt: int, stretch: float) -> Floats:
    """Residues filling an ellipsoid of the right volume, stretched along x, with a cleft."""
    radius = (3 * residues * RESIDUE_VOLUME_A3 / (4 * math.pi)) ** (1 / 3)
    many = np.arange(4 * residues)
    draw = np.stack([uniform(salt, Channel.PHANTOM, many, n) for n in range(3)], axis=-1) * 2 - 1
    inside = np.linalg.norm(draw, axis=-1) < 1.0
    cleft = np.hypot(draw[:, 0], draw[:, 1] - 0.9) < 0.35
    axes = radius * np.array([stretch, 1 / math.sqrt(stretch), 1 / math.sqrt(stretch)])
    points: Floats = draw[inside & ~cleft][:residues] * axes
    return points


def _barrel() -> Floats:
    """Four stacked rings of seven globules, like the 20S proteasome: 148 Å high, about 113 Å
    wide.
    """
    parts = []
    for ring, (height, radius, turn) in enumerate(
        ((-55.0, 36.0, 0.0), (-19.0, 39.0, 0.25), (19.0, 39.0, -0.25), (55.0, 36.0, 0.0))
    ):
        globule = _globule(232, 10 + min(ring, 3 - ring), 1.15)
        if ring > 1:
            globule = globule * np.array([1.0, -1.0, -1.0])
        for n in range(7):
            angle = 2 * math.pi * (n + turn) / 7
            rotated = Rotation.from_euler("z", angle).apply(globule + np.array([radius, 0, 0]))
            parts.append(rotated + np.array([0, 0, height]))
    return np.concatenate(parts)


def _shell(group: Literal["O", "I"], residues: int, radius: float) -> Floats:
    """One globule repeated by a point group's rotations (O: 24 copies, I: 60), a hollow ball."""
    globule = _globule(residues, 20 + residues, 1.3) + np.array(
        [radius, 0.22 * radius, 0.33 * radius]
    )
    return np.concatenate([Rotation.apply(turn, globule) for turn in Rotation.create_group(group)])


def _rod() -> Floats:
    """A helix of ten globules: a stiff rod, 200 Å long."""
    globule = _globule(150, 40, 1.1)
    return np.concatenate(
        [
            Rotation.from_euler("z", 100 * n, degrees=True).apply(globule + np.array([12.0, 0, 0]))
            + np.array([0, 0, 20.0 * (n - 4.5)])
            for n in range(10)
        ]
    )
