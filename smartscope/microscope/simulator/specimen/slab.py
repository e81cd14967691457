"""Molecules in a slab of ice, placed in three dimensions: what a tilt series looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.specimen.hashing import Channel, normal, uniform
from smartscope.microscope.simulator.specimen.phantoms import DIAMETER_NM

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slab:
    """`places_angstrom` (n, 3) as x, y, z from the slab's middle, z along the untilted beam.

    `quaternions` (n, 4) are x, y, z, w; `species` names a phantom for each.
    """

    species: tuple[str, ...]
    places_angstrom: Floats
    quaternions: Floats
    thickness_angstrom: float

    def radii_angstrom(self) -> Floats:
        """(n,) of the balls that hold the molecules."""
        return np.array([5.0 * DIAMETER_NM[name] for name in self.species])


def crowded_slab(
    species: tuple[str, ...],
    *,
    wanted: int,
    extent_angstrom: tuple[float, float, float],
    seed: int,
) -> Slab:
    """Up to `wanted` molecules, of the species in turn, that do not touch; fewer when no place
    is left.

    `extent_angstrom` is x, y, z; the balls that hold them stay within z.
    """
    names: list[str] = []
    places: list[Floats] = []
    tries = 40 * wanted
    for number in range(tries):
        if len(places) == wanted:
            break
        name = species[len(places) % len(species)]
        radius = 5.0 * DIAMETER_NM[name]
        draw = np.array([float(uniform(seed, Channel.SLAB_PLACE, number, n)[0]) for n in range(3)])
        room = np.array(extent_angstrom) - np.array([0.0, 0.0, 2.0 * radius])
        place = (draw - 0.5) * np.maximum(room, 0.0)
        apart = [
            float(np.linalg.norm(place - other)) - radius - 5.0 * DIAMETER_NM[theirs]
            for other, theirs in zip(places, names, strict=True)
        ]
        if not apart or min(apart) > 0.0:
            names.append(name)
            places.append(place)
    numbers = np.arange(len(places))
    turns = np.stack([normal(seed, Channel.SLAB_POSE, numbers, n) for n in range(4)], axis=-1)
    return Slab(
        species=tuple(names),
        places_angstrom=np.array(places).reshape(-1, 3),
        quaternions=turns / np.linalg.norm(turns, axis=-1, keepdims=True),
        thickness_angstrom=extent_angstrom[2],
    )
