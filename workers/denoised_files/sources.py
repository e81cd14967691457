"""Files to denoise as pairs: even and odd sums by their names, or movies, split here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartscope.analysis.denoising.pairs import Pair, even_and_odd
from smartscope.analysis.io.image import read_image
from smartscope.analysis.io.movie import open_movie
from smartscope.analysis.io.movie_metadata import read_movie_metadata
from smartscope.analysis.movies.align import Taken, align_movie
from smartscope.domain.errors import BadFile, InvalidInput
from workers.movie_files.one_movie import References
from workers.movie_files.wanted import Wanted

_HALF: Final = re.compile(r"(?P<name>.+)[_-](?P<half>even|odd|evn|EVN|ODD)$")


@dataclass(frozen=True, slots=True)
class Source:
    """A movie, or the sums of its even and odd frames; `name` is what its results are called."""

    name: str
    files: tuple[Path, ...]

    @property
    def is_movie(self) -> bool:
        """Whether its halves are still to be made."""
        return len(self.files) == 1


def sources_of(files: Sequence[Path]) -> list[Source]:
    """`X_even` and `X_odd` go together, everything else is a movie; in the order given.

    Raises `InvalidInput` for a half without the other, and for two sources of one name.
    """
    halves: dict[tuple[Path, str], dict[str, Path]] = {}
    found: dict[tuple[Path, str], Source] = {}
    for path in files:
        match = _HALF.match(path.stem)
        if match is None:
            found[path.parent, path.name] = Source(path.stem, (path,))
            continue
        key = path.parent, match["name"]
        both = halves.setdefault(key, {})
        both["odd" if match["half"].lower() == "odd" else "even"] = path
        if len(both) == 2:
            found[key] = Source(match["name"], (both["even"], both["odd"]))
    alone = [next(iter(both.values())) for both in halves.values() if len(both) == 1]
    if alone:
        raise InvalidInput({"files": f"{alone[0].name} has no other half here; give both."})
    twice = [name for name, n in Counter(each.name for each in found.values()).items() if n > 1]
    if twice:
        raise InvalidInput(
            {
                "files": f"Several files are called {twice[0]}, and would overwrite each other's "
                "results; denoise them into different folders."
            }
        )
    return list(found.values())


def pair_of(source: Source, wanted: Wanted, references: References) -> Pair:
    """Both halves, of a movie aligned first. Raises `BadFile`, `InvalidInput`, `UnusableImage`."""
    return _of_movie(source, wanted, references) if source.is_movie else _of_sums(source, wanted)


def _of_sums(source: Source, wanted: Wanted) -> Pair:
    even, odd = (read_image(path) for path in source.files)
    if even.display_only or odd.display_only:
        raise BadFile(
            f"{source.files[0].name} is made for the eye, its counts are lost; give MRC or TIFF."
        )
    pixel = wanted.pixel_size_angstrom or even.pixel_size_angstrom
    return Pair(even.pixels, odd.pixels, _known(pixel, source))


def _of_movie(source: Source, wanted: Wanted, references: References) -> Pair:
    path = source.files[0]
    said = read_movie_metadata(path)
    with open_movie(path, eer_fractions=wanted.eer_fractions) as movie:
        pixel = wanted.pixel_size_angstrom or said.pixel_size_angstrom
        taken = Taken(pixel_size_angstrom=_known(pixel or movie.pixel_size_angstrom, source))
        shape = movie.height_px, movie.width_px
        aligned = align_movie(
            movie,
            taken,
            gain=references.gain(shape),
            defects=references.defects(shape),
        )
    return even_and_odd(aligned)


def _known(pixel_angstrom: float | None, source: Source) -> float:
    if pixel_angstrom is None:
        raise InvalidInput(
            {"pixel_size": f"Nothing says the pixel size of {source.name}; give --pixel-size."}
        )
    return pixel_angstrom
