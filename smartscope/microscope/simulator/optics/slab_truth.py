"""The volume that a tilt series of a slab would show without noise, wedge or lens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.spatial.transform import Rotation

from smartscope.microscope.simulator.optics.scattering import residue_phase
from smartscope.microscope.simulator.specimen.phantoms import phantom
from smartscope.microscope.simulator.specimen.slab import Slab

FloatImage = NDArray[np.float32]


def slab_phase(
    slab: Slab,
    shape: tuple[int, int, int],
    *,
    pixel_size_angstrom: float,
    voltage_kv: float = 300.0,
) -> FloatImage:
    """Phase per voxel, rad, (depth, height, width) as z, y, x about the slab's middle."""
    volume = np.zeros(shape, dtype=np.float64)
    middle = 0.5 * (np.array(shape[::-1], dtype=np.float64) - 1.0)
    for name, place, turn in zip(slab.species, slab.places_angstrom, slab.quaternions, strict=True):
        residues = Rotation.from_quat(turn).apply(phantom(name).residues_angstrom) + place
        _splat(volume, residues / pixel_size_angstrom + middle)
    axes = [np.fft.fftfreq(side, pixel_size_angstrom) for side in shape[:2]]
    last = np.fft.rfftfreq(shape[2], pixel_size_angstrom)
    k = np.sqrt(axes[0][:, None, None] ** 2 + axes[1][:, None] ** 2 + last**2)
    spectrum = fft.rfftn(volume / pixel_size_angstrom**2) * residue_phase(k, voltage_kv)
    return np.asarray(fft.irfftn(spectrum, s=shape), dtype=np.float32)


def slab_labels(
    slab: Slab, shape: tuple[int, int, int], *, pixel_size_angstrom: float
) -> NDArray[np.int32]:
    """(depth, height, width): 1 + the number of the molecule a voxel lies in, 0 for ice."""
    labels = np.zeros(shape, dtype=np.int32)
    middle = 0.5 * (np.array(shape[::-1], dtype=np.float64) - 1.0)
    for number, (name, place, turn) in enumerate(
        zip(slab.species, slab.places_angstrom, slab.quaternions, strict=True)
    ):
        residues = Rotation.from_quat(turn).apply(phantom(name).residues_angstrom) + place
        x, y, z = np.rint(residues / pixel_size_angstrom + middle).astype(np.int64).T
        inside = (z >= 0) & (z < shape[0]) & (y >= 0) & (y < shape[1]) & (x >= 0) & (x < shape[2])
        labels[z[inside], y[inside], x[inside]] = number + 1
    return labels


def _splat(volume: NDArray[np.float64], places: NDArray[np.float64]) -> None:
    depth, height, width = volume.shape
    room = np.array([width - 1, height - 1, depth - 1])
    places = places[((places >= 0.0) & (places < room)).all(axis=1)]
    whole = np.floor(places).astype(np.int64)
    rest = places - whole
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(np.array(corner) == 1, rest, 1.0 - rest), axis=1)
        x, y, z = (whole + np.array(corner)).T
        flat = (z * height + y) * width + x
        volume += np.bincount(flat, weight, minlength=volume.size).reshape(volume.shape)
