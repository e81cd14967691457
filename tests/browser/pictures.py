"""Pictures for the page's tests: an atlas, squares and micrographs that look like what they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

Pixels = npt.NDArray[np.float32]

ATLAS_PX = 1536
SQUARE_PX = 1024
MICROGRAPH_PX = 512
#: where the first micrograph has particles: x, y
PARTICLES_PX = ((80, 90), (200, 140), (330, 300), (420, 90), (140, 400), (60, 250))


def lattice(
    pitch_px: float, angle_deg: float, size_px: int, margin_px: float
) -> list[tuple[float, float]]:
    """Points of a rotated square lattice around the picture's centre, row by row."""
    angle = np.deg2rad(angle_deg)
    count = int(size_px / pitch_px) + 1
    steps = range(-count, count + 1)
    middle = size_px / 2
    points = []
    for row in steps:
        for column in steps:
            x = middle + pitch_px * (column * np.cos(angle) - row * np.sin(angle))
            y = middle + pitch_px * (column * np.sin(angle) + row * np.cos(angle))
            if margin_px < x < size_px - margin_px and margin_px < y < size_px - margin_px:
                points.append((float(x), float(y)))
    return points


def outline(x: float, y: float, half_px: float, angle_deg: float) -> list[list[float]]:
    """Corners of a rotated square."""
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    angle = np.deg2rad(angle_deg)
    return [
        [
            float(x + half_px * (a * np.cos(angle) - b * np.sin(angle))),
            float(y + half_px * (a * np.sin(angle) + b * np.cos(angle))),
        ]
        for a, b in corners
    ]


def _inside(
    size_px: int, x: float, y: float, half_px: float, angle_deg: float
) -> npt.NDArray[np.bool_]:
    rows, columns = np.mgrid[:size_px, :size_px].astype(np.float32)
    angle = np.deg2rad(angle_deg)
    along = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
    across = -(columns - x) * np.sin(angle) + (rows - y) * np.cos(angle)
    inside: npt.NDArray[np.bool_] = (np.abs(along) < half_px) & (np.abs(across) < half_px)
    return inside


def atlas(
    squares: list[tuple[float, float]],
    brightness: list[float],
    half_px: float,
    angle_deg: float,
    seed: int,
) -> Pixels:
    """Dark bars, bright squares, less bright where the ice is thick."""
    random = np.random.default_rng(seed)
    picture = np.full((ATLAS_PX, ATLAS_PX), 0.16, np.float32)
    for (x, y), level in zip(squares, brightness, strict=True):
        left, top = int(x - 1.5 * half_px), int(y - 1.5 * half_px)
        size = int(3 * half_px)
        window = (slice(top, top + size), slice(left, left + size))
        part = picture[window]
        inside = _inside(size, x - left, y - top, half_px, angle_deg)
        part[inside] = level
    clouds = gaussian_filter(random.standard_normal(picture.shape).astype(np.float32), 60) * 25
    picture *= 1 + 0.35 * clouds
    noise = random.standard_normal(picture.shape).astype(np.float32)
    return gaussian_filter(picture, 1.4) + 0.02 * noise


def square(holes: list[tuple[float, float]], radius_px: float, seed: int) -> Pixels:
    """Grey carbon film with a lattice of bright holes inside a dark frame."""
    random = np.random.default_rng(seed)
    picture = np.full((SQUARE_PX, SQUARE_PX), 0.12, np.float32)
    picture[_inside(SQUARE_PX, SQUARE_PX / 2, SQUARE_PX / 2, SQUARE_PX * 0.44, 6)] = 0.42
    _open(picture, holes, radius_px, random)
    clouds = gaussian_filter(random.standard_normal(picture.shape).astype(np.float32), 50) * 20
    picture *= 1 + 0.25 * clouds
    noise = random.standard_normal(picture.shape).astype(np.float32)
    return gaussian_filter(picture, 1.2) + 0.025 * noise


def view(holes: list[tuple[float, float]], radius_px: float, seed: int) -> Pixels:
    """Holes of a film at hole magnification, the film all around them."""
    random = np.random.default_rng(seed)
    picture = np.full((MICROGRAPH_PX, MICROGRAPH_PX), 0.42, np.float32)
    _open(picture, holes, radius_px, random)
    noise = random.standard_normal(picture.shape).astype(np.float32)
    return gaussian_filter(picture, 1.5) + 0.03 * noise


def _open(
    picture: Pixels,
    holes: list[tuple[float, float]],
    radius_px: float,
    random: np.random.Generator,
) -> None:
    """Holes in a film, each with ice of its own thickness."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    reach = int(radius_px) + 2
    for x, y in holes:
        top, left = max(int(y) - reach, 0), max(int(x) - reach, 0)
        window = (slice(top, int(y) + reach), slice(left, int(x) + reach))
        near = np.hypot(columns[window] - x, rows[window] - y) < radius_px
        picture[window][near] = 0.72 + 0.12 * random.standard_normal()


def micrograph(seed: int) -> Pixels:
    """Noise seen through a contrast transfer function, with dark particles; those of 0 known."""
    random = np.random.default_rng(seed)
    size = MICROGRAPH_PX
    particles = np.zeros((size, size), np.float32)
    places = random.uniform(20, size - 20, (60, 2))
    for x, y in places if seed else PARTICLES_PX:
        particles[int(y) - 5 : int(y) + 5, int(x) - 5 : int(x) + 5] -= 1.0
    specimen = gaussian_filter(particles, 2.5) + 0.35 * random.standard_normal((size, size))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    transfer = np.sin(np.pi * (60 + 25 * random.random()) * 8 * frequency**2 + 0.1)
    seen = np.fft.ifft2(np.fft.fft2(specimen) * transfer * np.exp(-((frequency / 0.28) ** 2))).real
    return (seen + 0.12 * random.standard_normal((size, size))).astype(np.float32)
