"""What a movie's frames need beside them: gain reference, bad pixels, and how a lens stretches."""

from __future__ import annotations

from smartscope.analysis.base import BoolArray, FloatImage
from smartscope.analysis.io.defect_file import read_defects
from smartscope.analysis.io.gain import read_gain
from smartscope.analysis.io.orientation import Orientation
from smartscope.analysis.movies.magnification import Magnification
from smartscope.domain.errors import BadFile
from smartscope.models import Detector, Image
from smartscope.storage.current import current_store


def gain_of(movie: Image) -> FloatImage | None:
    """Each pixel's factor (height, width): the reference saved with the movie, else the detector's.

    Raises `InvalidInput` for one of another size and `BadFile` for a broken one.
    """
    detector = movie.grid.session.detector
    key = movie.gain_key or detector.gain_key
    if not key:
        return None
    with current_store().local_copy(key) as path:
        return read_gain(
            path,
            shape=_shape(movie),
            orientation=orientation_of(detector),
            reciprocal=detector.gain_reciprocal,
        )


def orientation_of(detector: Detector) -> Orientation:
    """Quarter turns anticlockwise, then a flip left to right, as the detector's row says."""
    return list(Orientation)[detector.gain_rotation % 4 + 4 * detector.gain_flip]


def defects_of(movie: Image) -> BoolArray | None:
    """True where the detector's list says that a pixel is bad. Raises `BadFile`."""
    key = movie.grid.session.detector.defects_key
    if not key:
        return None
    with current_store().local_copy(key) as path:
        return read_defects(path, shape=_shape(movie))


def magnification_of(movie: Image) -> Magnification | None:
    """How pictures on this detector are to be stretched; None where nobody measured it."""
    detector = movie.grid.session.detector
    if not detector.magnification_ratio:
        return None
    return Magnification(
        ratio=detector.magnification_ratio, angle_deg=detector.magnification_angle_deg
    )


def check_whole(movie: Image) -> None:
    """Raises `BadFile` where storage holds fewer bytes than were recorded."""
    size = current_store().size(movie.key)
    if size < movie.bytes:
        raise BadFile(
            f"{movie.key.rpartition('/')[2]} has {size} of the {movie.bytes} bytes that were "
            "recorded: it was cut or is still being written. Copy it to the storage again, then "
            "give manage.py retry_analyses."
        )


def _shape(movie: Image) -> tuple[int, int]:
    return movie.height_px, movie.width_px
