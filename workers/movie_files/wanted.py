"""What is asked of a batch of movies, checked before the first is opened."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.io.eer import DEFAULT_FRACTIONS
from smartscope.analysis.io.movie_metadata import PIXEL_SIZES_ANGSTROM
from smartscope.analysis.io.orientation import Orientation
from smartscope.domain.errors import InvalidInput

#: what a frame and a whole movie may have seen
MOST_DOSE_E_PER_A2 = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How movies are to be processed; None: as the file beside each movie says.

    `dose_e_per_a2` is per frame (of an EER file, per fraction). Raises `InvalidInput` for a value
    that no movie has.
    """

    pixel_size_angstrom: float | None = None
    dose_e_per_a2: float | None = None
    dose_before_e_per_a2: float = 0.0
    voltage_kv: float | None = None
    spherical_aberration_mm: float = 2.7
    amplitude_contrast: float = 0.07
    gain: Path | None = None
    gain_orientation: Orientation = Orientation.AS_IS
    gain_reciprocal: bool = False
    defects: Path | None = None
    eer_fractions: int = DEFAULT_FRACTIONS

    def __post_init__(self) -> None:
        problems: dict[str, str] = {}
        low, high = PIXEL_SIZES_ANGSTROM
        size = self.pixel_size_angstrom
        if size is not None and not low <= size <= high:
            problems["pixel_size"] = f"{size:g} Å is no movie's pixel; give {low:g} to {high:g}."
        for name, dose, least in (
            ("dose", self.dose_e_per_a2, 1e-4),
            ("dose_before", self.dose_before_e_per_a2, 0.0),
        ):
            fits = dose is None or (math.isfinite(dose) and least <= dose <= MOST_DOSE_E_PER_A2)
            if not fits:
                problems[name] = f"{dose} e/Å² cannot be; give e/Å² in each frame."
        if self.eer_fractions < 1:
            problems["eer_fractions"] = f"{self.eer_fractions} is no number of frames."
        for name, path in (("gain", self.gain), ("defects", self.defects)):
            if path is not None and not path.is_file():
                problems[name] = f"There is no file {path}; check the path."
        if problems:
            raise InvalidInput(problems)
        self.optics(self.voltage_kv or 300.0)

    def optics(self, voltage_kv: float) -> Optics:
        """The microscope at a voltage. Raises `InvalidInput` for values none has."""
        return Optics(
            voltage_kv=voltage_kv,
            spherical_aberration_mm=self.spherical_aberration_mm,
            amplitude_contrast=self.amplitude_contrast,
        )

    def fingerprint(self, movie: Path) -> str:
        """Changes when the movie, its references or what is asked change."""
        files = [path for path in (movie, self.gain, self.defects) if path is not None]
        seen = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
        asked = {name: str(value) for name, value in asdict(self).items()}
        text = json.dumps([seen, asked], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def check_names(movies: Sequence[Path]) -> None:
    """Raises `InvalidInput` when two movies would write the same files."""
    twice = [stem for stem, count in Counter(movie.stem for movie in movies).items() if count > 1]
    if twice:
        raise InvalidInput(
            {
                "movies": f"Several movies are called {twice[0]}, and would overwrite each "
                "other's results; process them into different folders."
            }
        )
