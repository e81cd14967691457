"""YOLO's boxes become holes: a real graph whose answer is known, through the whole finder."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from smartscope.analysis.base import Level
from smartscope.analysis.contract import check_awkward_images, check_findings
from smartscope.analysis.networks.network import Network, Trained, checksum
from smartscope.analysis.networks.yolo_boxes import SIDE_PX, find_boxes
from smartscope.analysis.networks.yolo_holes import PITCH_PX, YoloHoleFinder
from tests.analysis.pictures import draw_film, recall

onnx = pytest.importorskip("onnx", reason="writing a graph needs requirements-train.txt")


def graph(rows: NDArray[np.float64]) -> bytes:
    """What ultralytics exports for two classes, answering `rows` (N, 6) to every picture.

    A row is x, y, width, height and the two scores; the picture's first value is added as nothing,
    so that the graph has the input it declares.
    """
    helper, kinds = onnx.helper, onnx.TensorProto
    answer = onnx.numpy_helper.from_array(rows.T[None].astype(np.float32), "answer")
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Add", ["answer", "zero"], ["output0"]),
    ]
    nothing = onnx.numpy_helper.from_array(np.float32(0.0), "nothing")
    shape = [1, 3, SIDE_PX, SIDE_PX]
    made = helper.make_graph(
        nodes,
        "boxes",
        [helper.make_tensor_value_info("images", kinds.FLOAT, shape)],
        [helper.make_tensor_value_info("output0", kinds.FLOAT, [1, 6, len(rows)])],
        [answer, nothing],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(made, opset_imports=opset, ir_version=8)
    return bytes(model.SerializeToString())


def finder(rows: NDArray[np.float64]) -> YoloHoleFinder:
    data = graph(rows)
    return YoloHoleFinder(Trained(Network(data), checksum(data)))


def boxes(centres: NDArray[np.float64], side: float, *, kind: int = 0) -> NDArray[np.float64]:
    scores = np.zeros((len(centres), 2))
    scores[:, kind] = 0.9
    return np.column_stack([centres, np.full((len(centres), 2), side), scores])


def test_boxes_on_a_film_become_holes_of_its_lattice() -> None:
    drawn = draw_film(shape=(700, 700), pitch=PITCH_PX, radius=10.0)
    seen = drawn.truth[np.arange(len(drawn.truth)) % 9 != 0]
    dirty = drawn.truth[len(drawn.truth) // 2 + 1]
    rows = np.concatenate(
        [
            boxes(seen, 20.0),
            boxes(seen + 1.0, 20.0) * [1, 1, 1, 1, 0.5, 1],
            boxes(dirty[None], 24.0, kind=1),
            np.array([[350.0, 340.0, 60.0, 12.0, 0.9, 0.0]]),
        ]
    )
    yolo = finder(rows)
    found = yolo.find(drawn.image, drawn.context)
    check_findings(yolo, drawn.image, found)
    assert recall(found.positions_px, drawn.truth, 3.0) >= 0.95
    # the drawn bar is narrower than a pitch: whether holes go on under it cannot be known
    inside = ((found.positions_px > 45) & (found.positions_px < 655)).all(axis=1)
    assert recall(drawn.truth, found.positions_px[inside], 3.0) == 1.0
    assert 0.05 < found.predicted[inside].mean() < 0.2
    labels = found.probabilities.argmax(axis=1)
    nearest = np.linalg.norm(found.positions_px - dirty, axis=1).argmin()
    assert labels[nearest] == 1
    assert (labels == 1).sum() == 1


def test_a_hole_in_two_tiles_is_one_box() -> None:
    network = Network(graph(boxes(np.array([[40.0, 50.0], [1240.0, 50.0]]), 20.0)))
    found = find_boxes(network, np.full((200, 2 * SIDE_PX - 80), 0.5, np.float32))
    assert sorted(found.middles_px[:, 0]) == pytest.approx([40.0, 1240.0, 2440.0])


def test_awkward_images_are_answered() -> None:
    drawn = draw_film()
    check_awkward_images(finder(boxes(drawn.truth, 20.0)), Level.SQUARE, drawn.context)
