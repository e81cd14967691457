"""Grids drawn at random, wider than any one facility's: what a detector must not be surprised by.

All ranges are assumed; they surround the simulator's defaults on both sides.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from smartscope.microscope.simulator.specimen.spec import (
    FILMS,
    HOLEY_FILMS,
    MESHES,
    FilmSpec,
    IceSpec,
    MeshSpec,
    SpecimenSpec,
    SquarePrior,
)

#: the rest of a grid's squares is good; each class comes to a tenth or more over many grids
_MISHAPS = {
    "small": (0.06, 0.30),
    "dry": (0.06, 0.30),
    "cracked": (0.05, 0.20),
    "broken": (0.02, 0.12),
    "contaminated": (0.08, 0.30),
    "empty": (0.0, 0.06),
}
_MOST_MISHAPS = 0.75
FAVOURED_SHARE = 0.6


def generator(kind: str, seed: int, number: int) -> np.random.Generator:
    """The random numbers of one sample: they depend on nothing but these three."""
    text = f"training\0{kind}\0{seed}\0{number}".encode()
    digest = hashlib.blake2b(text, digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))


def grid_id_of(kind: str, seed: int, number: int) -> str:
    """Every sample shows its own grid."""
    return f"training-{kind}-{seed}-{number}"


def random_grid(
    grid_id: str, random: np.random.Generator, *, favoured: str | None = None
) -> SpecimenSpec:
    """A grid with every property drawn; `favoured` names the square class most squares shall get.

    Mesh and film keep the names a person would declare, with a vendor's tolerances.
    """
    return SpecimenSpec(
        grid_id=grid_id,
        mesh=_mesh(random),
        film=_film(random),
        ice=_ice(random),
        prior=_prior(random, favoured),
        contamination_density=_log_between(random, 0.1, 5.0),
    )


def _mesh(random: np.random.Generator) -> MeshSpec:
    mesh = MESHES[str(random.choice(sorted(MESHES)))]
    return replace(
        mesh,
        opening_um=mesh.opening_um + float(random.uniform(-4.0, 4.0)),
        bar_um=mesh.bar_um + float(random.uniform(-4.0, 4.0)),
        opening_jitter=float(random.uniform(0.005, 0.03)),
        missing_bar_probability=float(random.uniform(0.0, 0.01)),
    )


def _film(random: np.random.Generator) -> FilmSpec:
    film = FILMS[str(random.choice(sorted(HOLEY_FILMS)))]
    return replace(
        film,
        foil_nm=film.foil_nm * float(random.uniform(0.75, 1.4)),
        missing_hole_probability=float(random.uniform(0.0, 0.02)),
        torn_hole_probability=float(random.uniform(0.0, 0.02)),
    )


def _ice(random: np.random.Generator) -> IceSpec:
    return IceSpec(
        mean_nm=_log_between(random, 12.0, 90.0),
        blot_gradient=float(random.uniform(0.2, 0.9)),
        square_spread=float(random.uniform(0.15, 0.55)),
        patch_spread=float(random.uniform(0.1, 0.4)),
        within_square_spread=float(random.uniform(0.08, 0.35)),
        lens_probability=float(random.uniform(0.0, 0.5)),
        empty_hole_probability=0.3 * float(random.uniform()) ** 3,
        thick_hole_probability=float(random.uniform(0.0, 0.05)),
        crystalline_hole_probability=float(random.uniform(0.0, 0.04)),
    )


def _prior(random: np.random.Generator, favoured: str | None) -> SquarePrior:
    shares = {name: float(random.uniform(*span)) for name, span in _MISHAPS.items()}
    if favoured == "good":
        shares = dict.fromkeys(shares, 0.05)
    elif favoured in shares:
        shares = dict.fromkeys(shares, (1.0 - FAVOURED_SHARE) / 10.0)
        shares[favoured] = FAVOURED_SHARE
    scale = min(1.0, _MOST_MISHAPS / sum(shares.values()))
    return SquarePrior(**{name: scale * share for name, share in shares.items()})


def _log_between(random: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(random.uniform(np.log(low), np.log(high))))
