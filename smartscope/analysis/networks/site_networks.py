"""Weights that a site trained itself: proven before they are kept, checked before they are used."""

from __future__ import annotations

import numpy as np

from smartscope.analysis import contract, registry
from smartscope.analysis.base import FindContext, Finder, Image, Level
from smartscope.analysis.networks.network import Network, Trained, UnusableWeights, checksum
from smartscope.domain.geometry import Affine, Point


def prove_weights(plugin: str, graph: bytes) -> str:
    """The SHA-256 of weights that `plugin` can use: they load, and answer a drawn grid as well as
    what nobody wants to see.

    Raises `PluginUnavailable` saying why they cannot be used.
    """
    sha256 = checksum(graph)
    finder = _finder(plugin, graph, sha256)
    level = Level(finder.manifest.level)
    try:
        contract.check_awkward_images(finder, level, FindContext())
        spots = _bright_spots(level)
        contract.check_findings(finder, spots, finder.find(spots, FindContext()))
    except Exception as error:  # whatever a graph of another shape makes onnxruntime raise
        raise registry.PluginUnavailable(
            f"These weights do not work in {plugin}: {type(error).__name__}: {error}. "
            "Were they trained for another plug-in?"
        ) from error
    return sha256


def site_finder(plugin: str, graph: bytes, sha256: str) -> Finder:
    """`plugin` with the site's weights; raises `PluginUnavailable` for bytes that are not those
    registered.
    """
    found = checksum(graph)
    if found != sha256:
        raise registry.PluginUnavailable(
            f"The weights stored for {plugin} have the checksum {found[:12]}…, but {sha256[:12]}… "
            "was registered; register the file again, or retire it."
        )
    return _finder(plugin, graph, sha256)


def _finder(plugin: str, graph: bytes, sha256: str) -> Finder:
    try:
        made = registry.with_weights(plugin, Trained(Network(graph), sha256))
    except UnusableWeights as error:
        raise registry.PluginUnavailable(str(error)) from error
    if not isinstance(made, Finder):
        raise registry.PluginUnavailable(f"{plugin} is no finder; only finders take weights.")
    return made


def _bright_spots(level: Level) -> Image:
    """Bright discs every 80 pixels on dark ground, which may be holes as well as squares of a mesh.

    Enough of a grid that every finder asks its network.
    """
    rows, columns = np.mgrid[:640, :640]
    away = np.hypot((rows + 40) % 80 - 40, (columns + 40) % 80 - 40)
    counts = np.where(away < 22, 900.0, 100.0) + (rows * 7 + columns * 13) % 11
    to_stage = Affine.scaled(1.0, Point(0.0, 0.0), 640, 640)
    return Image.from_array(counts, level=level, to_stage=to_stage)
