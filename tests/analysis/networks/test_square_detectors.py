"""Detectors' boxes come back in the image's pixels; a site's model is checked before it runs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from smartscope.analysis import registry
from smartscope.analysis.base import FindContext
from smartscope.analysis.networks.detector_input import detector_input
from smartscope.analysis.networks.detector_squares import DetectorSquareFinder
from smartscope.analysis.networks.detectron2_squares import (
    FOLDER_VARIABLE,
    probabilities_of,
    read_card,
)
from smartscope.analysis.networks.network import Network, Trained, UnusableWeights
from tests.analysis.pictures import draw_atlas

LABELS = ("good", "small", "contaminated", "cracked", "partial", "dry")


def finder_that_answers(boxes: list[list[float]], scores: list[float]) -> DetectorSquareFinder:
    """A graph that takes a picture and always answers these boxes, in picture pixels."""
    onnx = pytest.importorskip("onnx", reason="graphs are made with requirements-train.txt")
    helper, kinds = onnx.helper, onnx.TensorProto
    said = np.eye(len(LABELS), dtype=np.float32)[np.arange(len(boxes)) % len(LABELS)]
    values = {"boxes": boxes, "scores": scores, "probabilities": said.tolist()}
    nodes, outputs = [], []
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float32)
        tensor = onnx.numpy_helper.from_array(array, f"{name}_value")
        nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        outputs.append(helper.make_tensor_value_info(name, kinds.FLOAT, array.shape))
    picture = helper.make_tensor_value_info("picture", kinds.FLOAT, [1, 3, None, None])
    graph = helper.make_graph(nodes, "answers", [picture], outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    data = model.SerializeToString()
    return DetectorSquareFinder(Trained(Network(data), hashlib.sha256(data).hexdigest()))


@pytest.mark.parametrize("pitch_um", [30.0, 83.0])
def test_boxes_are_in_image_pixels_and_faint_or_outer_ones_are_left_out(pitch_um: float) -> None:
    drawn = draw_atlas()
    context = FindContext(mesh_opening_um=0.7 * pitch_um, mesh_bar_um=0.3 * pitch_um)
    pitch_px = pitch_um / drawn.image.pixel_size_um
    picture = detector_input(drawn.image.pixels, drawn.image.imaged, pitch_px)
    assert picture is not None
    wanted = np.array([[200.0, 100, 240, 140], [100, 300, 140, 340]])
    others = np.array([[300.0, 200, 340, 240], [-90, 10, -50, 50]])
    told = picture.from_image(np.vstack([wanted, others]))
    finder = finder_that_answers(told.tolist(), [0.9, 0.8, 0.1, 0.9])
    found = finder.find(drawn.image, context)
    assert np.allclose(found.boxes_px, wanted, atol=0.01)
    assert found.scores.tolist() == pytest.approx([0.9, 0.8])
    assert [found.labels[int(row.argmax())] for row in found.probabilities] == ["good", "small"]
    assert found.areas_px is not None
    assert np.allclose(found.areas_px, 1600.0, rtol=1e-3)
    assert finder.manifest.version.startswith("1+")


def test_a_model_that_names_one_class_leaves_the_rest_open() -> None:
    names = ("dry", "good")
    said = probabilities_of(np.array([0.7, 0.4]), np.array([1, 0]), names, LABELS)
    assert np.allclose(said.sum(axis=1), 1.0)
    assert said[0].tolist() == pytest.approx([0.7, *[0.06] * 5])
    assert said[1, LABELS.index("dry")] == pytest.approx(0.4)


def card(folder: Path, **changed: str) -> None:
    (folder / "model_final.pth").write_bytes(b"weights")
    lines = {
        "config": '"config.yaml"',
        "weights": '"model_final.pth"',
        "sha256": f'"{hashlib.sha256(b"weights").hexdigest()}"',
        "classes": '["good", "dry"]',
    } | changed
    text = "\n".join(f"{key} = {value}" for key, value in lines.items())
    (folder / "model.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"classes": '["good", "square"]'}, "classes square are none of good"),
        ({"weights": '"other.pth"'}, "No such file"),
        ({"sha256": f'"{"0" * 64}"'}, "is not the model that was written down"),
        ({"config": "7 ="}, "cannot be used"),
    ],
)
def test_a_models_folder_that_is_not_right_is_refused_with_what_is_wrong(
    tmp_path: Path, changed: dict[str, str], complaint: str
) -> None:
    card(tmp_path)
    assert read_card(tmp_path, LABELS).classes == ("good", "dry")
    card(tmp_path, **changed)
    with pytest.raises(UnusableWeights, match=complaint):
        read_card(tmp_path, LABELS)


def test_a_site_without_detectron2_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card(tmp_path)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(registry.PluginUnavailable, match="detectron2 is not installed"):
        registry.finder("detectron2-squares")
