"""What a grid is made of, as data: meshes, films, ice, contamination, particles and the five
presets.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshSpec:
    """A square mesh. Openings and bars after SmartScope's tables; jitter, mark and faults
    assumed.
    """

    name: str
    opening_um: float
    bar_um: float
    opening_jitter: float = 0.015
    missing_bar_probability: float = 0.004
    rim_radius_um: float = 975.0

    @property
    def pitch_um(self) -> float:
        """Centre-to-centre distance of neighbouring squares."""
        return self.opening_um + self.bar_um


MESHES = {
    "200": MeshSpec(name="200", opening_um=90.0, bar_um=35.0),
    "300": MeshSpec(name="300", opening_um=58.0, bar_um=25.0),
    "400": MeshSpec(name="400", opening_um=37.0, bar_um=25.0),
}


class FilmKind(StrEnum):
    """Whether a film has holes on a lattice, voids between strands, or neither."""

    HOLEY = "holey"
    LACEY = "lacey"
    CONTINUOUS = "continuous"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmSpec:
    """A support film. `lattice` is the 2x2 basis in units of the pitch, so any regular film is
    data; one that is not holey has no holes, and its pitch is but the scale of its voids.

    Foil thicknesses are assumed (carbon) or from the literature (gold).
    """

    name: str
    hole_um: float
    pitch_um: float
    foil_nm: float
    gold: bool
    lattice: tuple[tuple[float, float], tuple[float, float]] = ((1.0, 0.0), (0.0, 1.0))
    missing_hole_probability: float = 0.006
    torn_hole_probability: float = 0.004
    kind: FilmKind = FilmKind.HOLEY


_TRIANGULAR = ((1.0, 0.0), (0.5, 0.75**0.5))


def _film(
    name: str, hole_um: float, pitch_um: float, foil_nm: float, *, gold: bool = False
) -> FilmSpec:
    return FilmSpec(name=name, hole_um=hole_um, pitch_um=pitch_um, foil_nm=foil_nm, gold=gold)


FILMS = {
    film.name: film
    for film in (
        _film("R0.6/1", 0.6, 1.6, 13.0),
        _film("R1.2/1.3", 1.2, 2.5, 13.0),
        _film("R2/1", 2.0, 3.0, 13.0),
        _film("R2/2", 2.0, 4.0, 13.0),
        _film("R2/4", 2.0, 6.0, 13.0),
        _film("UltrAuFoil R1.2/1.3", 1.2, 2.5, 50.0, gold=True),
        _film("UltrAuFoil R0.6/1", 0.6, 1.6, 50.0, gold=True),
        FilmSpec(
            name="HexAuFoil",
            hole_um=0.3,
            pitch_um=0.6,
            foil_nm=33.0,
            gold=True,
            lattice=_TRIANGULAR,
        ),
        # thicknesses assumed; stain is ice here, dark where it is thick
        FilmSpec(
            name="lacey", hole_um=0.0, pitch_um=4.0, foil_nm=40.0, gold=False, kind=FilmKind.LACEY
        ),
        FilmSpec(
            name="continuous",
            hole_um=0.0,
            pitch_um=4.0,
            foil_nm=6.0,
            gold=False,
            kind=FilmKind.CONTINUOUS,
        ),
    )
}


HOLEY_FILMS = tuple(name for name, film in FILMS.items() if film.kind is FilmKind.HOLEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class IceSpec:
    """The ice model's numbers (all assumed): square mean, blot gradient, spread, edges, lenses,
    faults.
    """

    mean_nm: float = 30.0
    blot_gradient: float = 0.55
    square_spread: float = 0.35
    patch_spread: float = 0.25
    within_square_spread: float = 0.22
    lens_probability: float = 0.25
    empty_hole_probability: float = 0.02
    thick_hole_probability: float = 0.02
    crystalline_hole_probability: float = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class SquarePrior:
    """How often the generator intends each fate of a square (assumed); the rest is good.

    The label is never this intention: it is measured on the finished square.
    """

    small: float = 0.12
    dry: float = 0.06
    cracked: float = 0.08
    broken: float = 0.05
    contaminated: float = 0.08
    empty: float = 0.03


class Preset(StrEnum):
    """The grids a facility meets."""

    GOOD = "good"
    THICK = "thick"
    DRY = "dry"
    CONTAMINATED = "contaminated"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticleSpec:
    """Which phantom is in the ice and how densely; `none` for an empty buffer grid."""

    species: str = "t20s"
    density_per_um2: float = 1500.0
    junk_fraction: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecimenSpec:
    """Everything that defines one grid. The same spec is the same grid for ever."""

    grid_id: str
    version: int = 1
    mesh: MeshSpec = MESHES["300"]
    film: FilmSpec = FILMS["R1.2/1.3"]
    ice: IceSpec = field(default_factory=IceSpec)
    prior: SquarePrior = field(default_factory=SquarePrior)
    contamination_density: float = 1.0
    particle: ParticleSpec = field(default_factory=ParticleSpec)

    @property
    def seed(self) -> int:
        """64-bit seed: BLAKE2b of grid id and version."""
        text = f"{self.grid_id}\0{self.version}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


_ICE = {
    Preset.GOOD: IceSpec(),
    Preset.THICK: IceSpec(mean_nm=85.0, blot_gradient=0.7, square_spread=0.4),
    Preset.DRY: IceSpec(mean_nm=20.0, empty_hole_probability=0.15),
    Preset.CONTAMINATED: IceSpec(mean_nm=34.0, crystalline_hole_probability=0.03),
    Preset.DAMAGED: IceSpec(mean_nm=30.0, empty_hole_probability=0.04),
}
_PRIOR = {
    Preset.GOOD: SquarePrior(),
    Preset.THICK: SquarePrior(small=0.45, dry=0.01),
    Preset.DRY: SquarePrior(small=0.03, dry=0.50),
    Preset.CONTAMINATED: SquarePrior(contaminated=0.45),
    Preset.DAMAGED: SquarePrior(cracked=0.28, broken=0.22, empty=0.10),
}


def preset_spec(
    preset: Preset,
    grid_id: str,
    *,
    mesh: str = "300",
    film: str = "R1.2/1.3",
    version: int = 1,
) -> SpecimenSpec:
    """A grid of the given kind; `mesh` and `film` are keys of `MESHES` and `FILMS` (KeyError
    otherwise).
    """
    base = SpecimenSpec(grid_id=grid_id, version=version, mesh=MESHES[mesh], film=FILMS[film])
    return replace(
        base,
        ice=_ICE[preset],
        prior=_PRIOR[preset],
        contamination_density=2.0 if preset is Preset.CONTAMINATED else 1.0,
    )
