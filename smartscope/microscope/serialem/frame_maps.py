"""Where the pixels of a saved frame lie, from the map of the image that SerialEM shows of it."""

from __future__ import annotations

from smartscope.domain.geometry import Affine


def map_of_frames(
    image: Affine, *, image_px: tuple[int, int], frame_px: tuple[int, int], rotation_flip: int
) -> Affine:
    """The pixel-to-stage map of frames that become the image by `rotation_flip` (0 to 7).

    Sizes are (width, height). Frames of super-resolution are larger than the image they make.
    """
    x, y = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)  # the turned frame's coordinates from the frame's
    width, height = frame_px
    if rotation_flip >= 4:
        x = (-1.0, 0.0, width - 1.0)
    for _ in range(rotation_flip % 4):
        x, y = y, _negative(x, width - 1.0)
        width, height = height, width
    ratio_x, ratio_y = image_px[0] / width, image_px[1] / height
    xx, xy, x0 = _scaled(x, ratio_x)
    yx, yy, y0 = _scaled(y, ratio_y)
    origin = image.apply(x0, y0)
    return Affine(
        image.a * xx + image.b * yx,
        image.a * xy + image.b * yy,
        origin.x_um,
        image.c * xx + image.d * yx,
        image.c * xy + image.d * yy,
        origin.y_um,
    )


def _negative(row: tuple[float, float, float], last: float) -> tuple[float, float, float]:
    return -row[0], -row[1], last - row[2]


def _scaled(row: tuple[float, float, float], ratio: float) -> tuple[float, float, float]:
    """Pixel centres stay centres: a pixel of the image covers 1 / ratio of the frame's."""
    return row[0] * ratio, row[1] * ratio, row[2] * ratio + 0.5 * (ratio - 1.0)
