"""CTF estimators as plug-ins: what one must do, and the one that is built in."""

from __future__ import annotations

from importlib.resources import files
from typing import Protocol, runtime_checkable

from smartscope.analysis.base import FloatImage, Plugin
from smartscope.analysis.ctf.estimate import CtfResult, Source, fit_ctf, tile_angstrom
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import PolarSpectrum, polar_spectrum
from smartscope.analysis.ctf.search import SearchRange
from smartscope.analysis.manifest import Manifest, read_manifest


@runtime_checkable
class CtfEstimator(Plugin, Protocol):
    """Finds the defocus of a micrograph, or says why it cannot."""

    def estimate(
        self,
        total: FloatImage,
        groups: PolarSpectrum | None,
        *,
        pixel_size_angstrom: float,
        optics: Optics,
        limits: SearchRange | None = None,
        expected_defocus_angstrom: float | None = None,
    ) -> CtfResult:
        """`total` (height, width) is the aligned sum, `groups` the mean spectrum of its parts.

        `expected_defocus_angstrom` is what was asked of the microscope; it narrows nothing.
        """
        ...


class RingEstimator:
    """Fits Thon rings of the sum and of the sum of group spectra, and keeps the surer answer."""

    def __init__(self) -> None:
        self._manifest = read_manifest(files("smartscope.analysis.ctf") / "thon_rings.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version, declared duration."""
        return self._manifest

    def estimate(
        self,
        total: FloatImage,
        groups: PolarSpectrum | None,
        *,
        pixel_size_angstrom: float,
        optics: Optics,
        limits: SearchRange | None = None,
        expected_defocus_angstrom: float | None = None,
    ) -> CtfResult:
        """See `fit_ctf`."""
        spectra = {
            Source.SUM: polar_spectrum(
                total,
                pixel_size_angstrom=pixel_size_angstrom,
                tile_angstrom=tile_angstrom(optics, expected_defocus_angstrom),
            )
        }
        if groups is not None:
            spectra[Source.GROUPS] = groups
        return fit_ctf(spectra, optics=optics, limits=limits)
