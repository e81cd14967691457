"""A network is used only when it is the one that was registered."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from smartscope.analysis import contract, registry
from smartscope.analysis.base import Level
from smartscope.analysis.detection.acceptance import judge_holes
from smartscope.analysis.detection.chain import run_chain
from smartscope.analysis.manifest import BadManifest, Manifest, read_manifest
from smartscope.analysis.networks.network import (
    Network,
    UnusableWeights,
    checksum,
    network_of,
)
from smartscope.analysis.networks.site_networks import prove_weights, site_finder
from smartscope.analysis.networks.tiling import TILE_PX, run_tiled
from smartscope.analysis.weights import Weights
from tests.analysis.pictures import draw_film

HERE = files("smartscope.analysis.networks")
GRAPH = (HERE / "weights" / "network_holes.onnx").read_bytes()


def card() -> Manifest:
    return read_manifest(HERE / "network_holes.toml")


def named(**weights: str) -> Manifest:
    return replace(card(), weights=Weights(**weights))


def test_the_shipped_weights_are_those_that_were_registered() -> None:
    assert card().weights == Weights("weights/network_holes.onnx", checksum(GRAPH))
    assert network_of(card(), HERE).provider.endswith("ExecutionProvider")


def test_one_changed_byte_is_refused_with_both_checksums(tmp_path: Path) -> None:
    other = GRAPH[:-1] + bytes([GRAPH[-1] ^ 1])
    (tmp_path / "holes.onnx").write_bytes(other)
    wanted = checksum(GRAPH)
    with pytest.raises(UnusableWeights, match=checksum(other)[:12]) as refused:
        network_of(named(file="holes.onnx", sha256=wanted), tmp_path)
    assert wanted[:12] in str(refused.value)


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableWeights, match=r"gone\.onnx"):
        network_of(named(file="gone.onnx", sha256=checksum(GRAPH)), tmp_path)


def test_what_is_no_network_is_refused_even_with_the_right_checksum(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_bytes(b"not a graph")
    with pytest.raises(UnusableWeights, match="cannot load"):
        network_of(named(file="text.onnx", sha256=checksum(b"not a graph")), tmp_path)


@pytest.mark.parametrize("sha256", ["ABC", "0" * 63, "g" * 64])
def test_a_card_with_a_bad_checksum_is_refused(tmp_path: Path, sha256: str) -> None:
    text = Path(str(HERE / "network_holes.toml")).read_text(encoding="utf-8")
    right = checksum(GRAPH)
    assert right in text
    (tmp_path / "card.toml").write_text(text.replace(right, sha256), encoding="utf-8")
    with pytest.raises(BadManifest, match="64 lower-case"):
        read_manifest(tmp_path / "card.toml")


def test_a_chain_goes_on_past_a_plugin_without_weights() -> None:
    drawn = draw_film()
    with pytest.raises(registry.PluginUnavailable, match="No weights come with yolo-holes"):
        registry.finder("yolo-holes")
    attempts = run_chain(["yolo-holes", "classical-holes"], drawn.image, drawn.context, judge_holes)
    assert [attempt.finder.manifest.name for attempt in attempts] == ["classical-holes"]


def test_weights_for_another_plugin_are_not_proven() -> None:
    with pytest.raises(registry.PluginUnavailable, match="for another plug-in"):
        prove_weights("yolo-holes", GRAPH)
    with pytest.raises(registry.PluginUnavailable):
        prove_weights("classical-holes", GRAPH)


def test_a_sites_own_weights_make_findings_of_another_version() -> None:
    finder = site_finder("network-holes", GRAPH, prove_weights("network-holes", GRAPH))
    assert finder.manifest.version == f"{card().version}+{checksum(GRAPH)[:8]}"
    drawn = draw_film()
    contract.check_findings(finder, drawn.image, finder.find(drawn.image, drawn.context))
    assert Level(finder.manifest.level) is Level.SQUARE
    with pytest.raises(registry.PluginUnavailable, match="was registered"):
        site_finder("network-holes", GRAPH, "0" * 64)


def test_a_large_picture_is_answered_in_pieces_as_if_in_one() -> None:
    network = Network(GRAPH)
    random = np.random.default_rng(3)
    planes = random.normal(0, 0.5, (2, 80, TILE_PX + 300)).astype(np.float32)
    padded = np.pad(planes, [(0, 0), (0, 0), (0, -planes.shape[2] % 16)])
    whole = network.run(padded[None])[0][0]
    pieces = run_tiled(network, planes, shrink=2, divisor=16)
    assert np.abs(pieces - whole[:, : pieces.shape[1], : pieces.shape[2]]).max() < 1e-3
