"""The options of every command that reads movies: how frames are corrected, how EER is divided."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, TypedDict

from smartscope.analysis.io.eer import DEFAULT_FRACTIONS
from smartscope.analysis.io.orientation import Orientation


class Corrections(TypedDict):
    """What these options say, by the names of `workers.movie_files.wanted.Wanted`."""

    gain: Path | None
    gain_orientation: Orientation
    gain_reciprocal: bool
    defects: Path | None
    eer_fractions: int


def add_correction_options(parser: ArgumentParser) -> None:
    """--gain, --gain-orientation, --gain-reciprocal, --defects, --eer-fractions."""
    parser.add_argument("--gain", type=Path, help="gain reference: MRC, TIFF or .gain")
    parser.add_argument(
        "--gain-orientation",
        type=Orientation,
        default=Orientation.AS_IS,
        choices=list(Orientation),
        help="how the reference lies beside the frames",
    )
    parser.add_argument(
        "--gain-reciprocal", action="store_true", help="counts are divided by the reference"
    )
    parser.add_argument("--defects", type=Path, help="SerialEM's defect file, or boxes")
    parser.add_argument(
        "--eer-fractions", type=int, default=DEFAULT_FRACTIONS, help="frames made of an EER"
    )


def corrections(options: dict[str, Any]) -> Corrections:
    """As they were given on the command line."""
    return Corrections(
        gain=options["gain"],
        gain_orientation=options["gain_orientation"],
        gain_reciprocal=options["gain_reciprocal"],
        defects=options["defects"],
        eer_fractions=options["eer_fractions"],
    )
