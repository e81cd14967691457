"""Which plug-ins there are: built in or installed, imported only when asked for, absent with a
reason.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from smartscope.analysis.base import Finder, Plugin, Selector, Stitcher
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.domain.errors import SmartscopeError

if TYPE_CHECKING:
    from smartscope.analysis.ctf.estimator import CtfEstimator
    from smartscope.analysis.denoising.denoised import Denoiser
    from smartscope.analysis.movies.aligner import MovieAligner
    from smartscope.analysis.networks.network import Trained
    from smartscope.analysis.picking.picks import Picker
    from smartscope.analysis.quality.assessor import QualityAssessor
    from smartscope.analysis.quality.mask import DirtFinder
    from smartscope.analysis.superresolution.result import SuperResolver

Made = TypeVar("Made", bound=Plugin)

ENTRY_POINT_GROUP = "smartscope.plugins"

_DENOISING = "smartscope.analysis.denoising"
_DETECTION = "smartscope.analysis.detection"
_NETWORKS = "smartscope.analysis.networks"
_QUALITY = "smartscope.analysis.quality"
_PICKING = "smartscope.analysis.picking"

#: Name to "module:class"; nothing is imported before it is asked for.
BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "classical-squares": f"{_DETECTION}.classical_squares:ClassicalSquareFinder",
        "classical-holes": f"{_DETECTION}.classical_holes:ClassicalHoleFinder",
        "network-holes": f"{_NETWORKS}.network_holes:NetworkHoleFinder",
        "yolo-holes": f"{_NETWORKS}.yolo_holes:YoloHoleFinder",
        "lacey-voids": f"{_DETECTION}.off_lattice_voids:LaceyVoidFinder",
        "continuous-points": f"{_DETECTION}.off_lattice_points:ContinuousPointFinder",
        "correlation-stitcher": f"{_DETECTION}.stitching:CorrelationStitcher",
        "size": f"{_DETECTION}.selectors:SizeSelector",
        "grey-level": f"{_DETECTION}.selectors:GreySelector",
        "whole-frame": "smartscope.analysis.movies.aligner:WholeFrameAligner",
        "local-motion": "smartscope.analysis.movies.aligner:LocalMotionAligner",
        "thon-rings": "smartscope.analysis.ctf.estimator:RingEstimator",
        "quality-network": f"{_QUALITY}.network_assessor:NetworkAssessor",
        "quality-rules": f"{_QUALITY}.rules:RuleAssessor",
        "dirt-levels": f"{_QUALITY}.level_dirt:LevelDirtFinder",
        "linear-dealiasing": "smartscope.analysis.superresolution.linear:LinearSuperResolver",
        "zssr-paper": "smartscope.analysis.superresolution.paper:PaperSuperResolver",
        "care-p2p": f"{_DENOISING}.care:CareDenoiser",
        "wiener-halves": f"{_DENOISING}.wiener:WienerDenoiser",
        "matched-picker": f"{_PICKING}.matched:MatchedPicker",
        "intensity-clusters": f"{_PICKING}.intensity_clusters:IntensityClusterPicker",
        "distance": f"{_DETECTION}.selectors:CentreDistanceSelector",
        "ice": f"{_DETECTION}.judging_selectors:IceSelector",
        "class": f"{_DETECTION}.judging_selectors:ClassSelector",
        "network-squares": f"{_NETWORKS}.network_squares:NetworkSquareFinder",
        "faster-rcnn-squares": f"{_NETWORKS}.detector_squares:DetectorSquareFinder",
        "detectron2-squares": f"{_NETWORKS}.detectron2_squares:Detectron2SquareFinder",
    }
)

#: Built-in plug-ins that come without weights: absent, with a reason, until a site installs some.
WITHOUT_WEIGHTS = frozenset({"yolo-holes", "faster-rcnn-squares", "detectron2-squares"})

#: Built-in plug-ins that learn while they run: absent, with a reason, where torch is not installed.
NEEDS_TORCH = frozenset({"zssr-paper"})

#: Name to "package:card": who only asks for a duration need not load what takes it.
CARDS: Mapping[str, str] = MappingProxyType(
    {
        "classical-squares": f"{_DETECTION}:classical_squares.toml",
        "classical-holes": f"{_DETECTION}:classical_holes.toml",
        "network-holes": f"{_NETWORKS}:network_holes.toml",
        "yolo-holes": f"{_NETWORKS}:yolo_holes.toml",
        "lacey-voids": f"{_DETECTION}:off_lattice_voids.toml",
        "continuous-points": f"{_DETECTION}:off_lattice_points.toml",
        "correlation-stitcher": f"{_DETECTION}:stitching.toml",
        "size": f"{_DETECTION}:selector_size.toml",
        "grey-level": f"{_DETECTION}:selector_grey.toml",
        "whole-frame": "smartscope.analysis.movies:whole_frame.toml",
        "local-motion": "smartscope.analysis.movies:local_motion.toml",
        "thon-rings": "smartscope.analysis.ctf:thon_rings.toml",
        "quality-network": f"{_QUALITY}:quality_network.toml",
        "quality-rules": f"{_QUALITY}:quality_rules.toml",
        "dirt-levels": f"{_QUALITY}:dirt_levels.toml",
        "linear-dealiasing": "smartscope.analysis.superresolution:linear.toml",
        "zssr-paper": "smartscope.analysis.superresolution:paper.toml",
        "care-p2p": f"{_DENOISING}:care.toml",
        "wiener-halves": f"{_DENOISING}:wiener.toml",
        "matched-picker": f"{_PICKING}:matched.toml",
        "intensity-clusters": f"{_PICKING}:intensity_clusters.toml",
        "distance": f"{_DETECTION}:selector_distance.toml",
        "ice": f"{_DETECTION}:selector_ice.toml",
        "class": f"{_DETECTION}:selector_class.toml",
        "network-squares": f"{_NETWORKS}:network_squares.toml",
        "faster-rcnn-squares": f"{_NETWORKS}:detector_squares.toml",
        "detectron2-squares": f"{_NETWORKS}:detectron2_squares.toml",
    }
)


class PluginUnavailable(SmartscopeError):
    """A plug-in is not there, cannot be imported, or is not what it claims; the chain goes on
    without.
    """


@dataclass(frozen=True, slots=True)
class Absent:
    """A plug-in that could not be loaded, and why."""

    name: str
    reason: str


@cache
def plugin(name: str) -> Plugin:
    """The plug-in called `name`, loaded once; raises `PluginUnavailable` with the reason."""
    return _made(name)


def with_weights(name: str, trained: Trained) -> Plugin:
    """The plug-in called `name` made anew with other weights than its own, and not remembered.

    Raises `PluginUnavailable` for one that takes none, or not these.
    """
    return _made(name, trained)


def _made(name: str, *given: Trained) -> Plugin:
    if name in NEEDS_TORCH and find_spec("torch") is None:
        raise PluginUnavailable(
            f"The plug-in {name!r} needs torch, which is not installed here; install what "
            "requirements-train.txt names, or choose another plug-in."
        )
    try:
        made = _factory(name)(*given)
    except PluginUnavailable:
        raise
    except Exception as error:  # a stranger's package may fail in any way; the night goes on
        told = str(error).rstrip(".")
        raise PluginUnavailable(
            f"The plug-in {name!r} cannot be loaded: {type(error).__name__}: {told}. "
            "Repair its installation or take it out of the chain."
        ) from error
    if not isinstance(made, Plugin):
        raise PluginUnavailable(f"The plug-in {name!r} has no manifest; it cannot be used.")
    return made


@cache
def card(name: str) -> Manifest:
    """The card of the plug-in called `name`; a built-in one is not imported for it.

    Raises `PluginUnavailable` for one that is not there.
    """
    address = CARDS.get(name)
    if address is None:
        return plugin(name).manifest
    package, _, file = address.partition(":")
    return read_manifest(files(package) / file)


def finder(name: str) -> Finder:
    """The finder called `name`."""
    return _of_kind(name, "finder", Finder)


def stitcher(name: str) -> Stitcher:
    """The stitcher called `name`."""
    return _of_kind(name, "stitcher", Stitcher)


def selector(name: str) -> Selector:
    """The selector called `name`."""
    return _of_kind(name, "selector", Selector)


def movie_aligner(name: str) -> MovieAligner:
    """The movie aligner called `name`."""
    from smartscope.analysis.movies.aligner import MovieAligner

    return _of_kind(name, "movie_aligner", MovieAligner)


def ctf_estimator(name: str) -> CtfEstimator:
    """The CTF estimator called `name`."""
    from smartscope.analysis.ctf.estimator import CtfEstimator

    return _of_kind(name, "ctf_estimator", CtfEstimator)


def quality_assessor(name: str) -> QualityAssessor:
    """The judge of exposures called `name`."""
    from smartscope.analysis.quality.assessor import QualityAssessor

    return _of_kind(name, "quality_assessor", QualityAssessor)


def dirt_finder(name: str) -> DirtFinder:
    """The finder of dirt called `name`."""
    from smartscope.analysis.quality.mask import DirtFinder

    return _of_kind(name, "dirt_finder", DirtFinder)


def picker(name: str) -> Picker:
    """The picker of particles called `name`."""
    from smartscope.analysis.picking.picks import Picker

    return _of_kind(name, "picker", Picker)


def denoiser(name: str) -> Denoiser:
    """The denoiser called `name`."""
    from smartscope.analysis.denoising.denoised import Denoiser

    return _of_kind(name, "denoiser", Denoiser)


def super_resolver(name: str) -> SuperResolver:
    """The super-resolver called `name`."""
    from smartscope.analysis.superresolution.result import SuperResolver

    return _of_kind(name, "super_resolver", SuperResolver)


def survey() -> tuple[tuple[Plugin, ...], tuple[Absent, ...]]:
    """Every plug-in that loads, and every one that does not with its reason, both by name."""
    present, absent = [], []
    for name in sorted({*BUILT_IN, *_installed()}):
        try:
            present.append(plugin(name))
        except PluginUnavailable as error:
            absent.append(Absent(name, str(error)))
    return tuple(present), tuple(absent)


def _of_kind(name: str, kind: str, protocol: type[Made]) -> Made:
    made = plugin(name)
    if made.manifest.kind != kind or not isinstance(made, protocol):
        raise PluginUnavailable(
            f"The plug-in {name!r} is a {made.manifest.kind}, not a {kind}; correct the chain."
        )
    return made


def _installed() -> dict[str, str]:
    return {entry.name: entry.value for entry in entry_points(group=ENTRY_POINT_GROUP)}


def _factory(name: str) -> Callable[..., Plugin]:
    address = BUILT_IN.get(name) or _installed().get(name)
    if address is None:
        known = ", ".join(sorted({*BUILT_IN, *_installed()}))
        raise PluginUnavailable(f"There is no plug-in called {name!r}; known are {known}.")
    module, _, attribute = address.partition(":")
    factory: Callable[..., Plugin] = getattr(importlib.import_module(module), attribute)
    return factory
