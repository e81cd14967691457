"""`manage.py movie_references MICROSCOPE`: by what a camera's movies are corrected from now on.

Files are checked against the camera's size, then copied to the storage; what is not given is unset.
"""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from smartscope.analysis.io.defect_file import read_defects
from smartscope.analysis.io.gain import read_gain
from smartscope.analysis.io.orientation import Orientation
from smartscope.analysis.movies.magnification import Magnification
from smartscope.domain.actor import SETUP
from smartscope.domain.errors import SmartscopeError
from smartscope.models import Detector
from smartscope.operations.set_movie_references import MovieReferences, set_movie_references
from smartscope.storage.current import current_store


class Command(BaseCommand):
    help = "Set a camera's gain reference, list of bad pixels and anisotropic magnification."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("microscope", help="the microscope's name")
        parser.add_argument("--detector", type=int, default=1, help="its number (1)")
        parser.add_argument("--gain", type=Path, help="for movies without one: MRC, TIFF or .gain")
        parser.add_argument(
            "--gain-orientation",
            type=Orientation,
            default=Orientation.AS_IS,
            choices=list(Orientation),
            help="how a reference lies beside the frames, the movies' own included",
        )
        parser.add_argument(
            "--gain-reciprocal", action="store_true", help="counts are divided by the reference"
        )
        parser.add_argument("--defects", type=Path, help="SerialEM's defect file, or boxes")
        parser.add_argument(
            "--distortion", type=float, default=0.0, help="anisotropy, 0.012 for 1.2 %%"
        )
        parser.add_argument("--distortion-angle", type=float, default=0.0, help="degrees, 0 to 180")

    def handle(self, *args: Any, **options: Any) -> None:
        detector = Detector.objects.filter(
            microscope__name=options["microscope"], number=options["detector"]
        ).first()
        if detector is None:
            known = ", ".join(
                f"{name} {number}"
                for name, number in Detector.objects.values_list("microscope__name", "number")
            )
            raise CommandError(f"There is no such camera; there are {known or 'none'}.")
        try:
            set_movie_references(detector.pk, SETUP, _references(detector, options))
        except SmartscopeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Movies of {detector.name} are corrected so from now on.")


def _references(detector: Detector, options: dict[str, Any]) -> MovieReferences:
    """Checked as a movie would; raises what the readers raise."""
    shape = detector.height_px, detector.width_px
    orientation: Orientation = options["gain_orientation"]
    turns = list(Orientation).index(orientation)
    Magnification(ratio=options["distortion"], angle_deg=options["distortion_angle"])
    return MovieReferences(
        gain_key=_kept(
            options["gain"], lambda path: read_gain(path, shape=shape, orientation=orientation)
        ),
        gain_rotation=turns % 4,
        gain_flip=turns >= 4,
        gain_reciprocal=options["gain_reciprocal"],
        defects_key=_kept(options["defects"], lambda path: read_defects(path, shape=shape)),
        magnification_ratio=options["distortion"],
        magnification_angle_deg=options["distortion_angle"],
    )


def _kept(path: Path | None, check: Callable[[Path], object]) -> str:
    """The key of a checked copy on storage, named by its content; "" for no file."""
    if path is None:
        return ""
    if not path.is_file():
        raise CommandError(f"There is no file {path}; check the path.")
    check(path)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    key = f"references/{digest[:16]}{path.suffix.lower()}"
    store = current_store()
    if not store.exists(key):
        store.copy_in(key, path)
    return key
