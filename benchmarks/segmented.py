"""Finding molecules in a tomogram by its greys alone: threshold, components, size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_multiotsu

from benchmarks.movie_films import Floats, Image

#: voxels; components below the first are never looked at
SIZES = (10, 20, 40, 80, 160, 320, 640)


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """Precision and recall by least size of a component, for `SIZES`."""

    precision: Floats
    recall: Floats

    @property
    def best_f1(self) -> float:
        """The largest harmonic mean over sizes."""
        both = np.maximum(self.precision + self.recall, 1e-9)
        return float((2.0 * self.precision * self.recall / both).max())


def segmented(volume: Image, labels: NDArray[np.int32], *, least_seen: int) -> Segmented:
    """Components of `volume` in the highest of Otsu's three classes beside molecules, both
    (depth, height, width). With two classes a faint volume's ice hangs together as one component.

    A component is right when its middle lies in the hull of a molecule that no larger component
    has; molecules of which fewer than `least_seen` voxels are in the volume count neither way.
    """
    found, count = ndimage.label(volume > _highest_class(volume))
    sizes = np.bincount(found.ravel(), minlength=count + 1)[1:]
    order = np.argsort(sizes)[::-1]
    order = order[sizes[order] >= SIZES[0]]
    middles = np.array(ndimage.center_of_mass(found > 0, found, order + 1)).reshape(-1, 3)
    voxels = np.bincount(labels.ravel())[1:]
    wanted = np.flatnonzero(voxels >= least_seen)
    centres = np.array(ndimage.center_of_mass(labels > 0, labels, wanted + 1)).reshape(-1, 3)
    radii = np.array([_radius(labels, int(n) + 1, c) for n, c in zip(wanted, centres, strict=True)])
    taken: set[int] = set()
    kinds = np.full(len(order), -1)
    for number, middle in enumerate(middles):
        apart = np.linalg.norm(centres - middle, axis=1)
        near = [int(n) for n in np.argsort(apart) if apart[n] < radii[n] and n not in taken]
        if near:
            taken.add(near[0])
            kinds[number] = near[0]
    precision, recall = [], []
    for least in SIZES:
        used = kinds[sizes[order] >= least]
        right = int((used >= 0).sum())
        precision.append(right / len(used) if len(used) else 1.0)
        recall.append(right / max(len(wanted), 1))
    return Segmented(np.array(precision), np.array(recall))


def _highest_class(volume: Image) -> float:
    limits = threshold_multiotsu(volume, classes=3)  # type: ignore[no-untyped-call]
    return float(limits[-1])


def _radius(labels: NDArray[np.int32], number: int, centre: Floats) -> float:
    places = np.argwhere(labels == number)
    return float(np.percentile(np.linalg.norm(places - centre, axis=1), 90))
