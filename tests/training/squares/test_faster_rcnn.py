"""Faster R-CNN's own parts: operators, the rules for boxes, a step that learns."""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.training.squares.detector_data import Boxed

torch = pytest.importorskip("torch", reason="training needs requirements-train.txt")

from smartscope.training.squares.torchvision_ops import (  # noqa: E402  after torch
    detection_models,
    pooled,
    suppressed,
)

try:
    detection_models()
except ImportError as absent:
    pytest.skip(f"torchvision does not load here: {absent}", allow_module_level=True)

from smartscope.training.squares import faster_rcnn_training as trainer  # noqa: E402
from smartscope.training.squares.faster_rcnn import (  # noqa: E402
    DetectSquares,
    kept_squares,
    square_detector,
)


def test_suppression_keeps_the_best_of_what_overlaps() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 11], [50, 50, 60, 60], [5, 0, 15, 10]])
    scores = torch.tensor([0.6, 0.8, 0.7, 0.5])
    assert suppressed(boxes, scores, 0.5).tolist() == [1, 2, 3]
    assert suppressed(boxes, scores, 0.3).tolist() == [1, 2]
    assert suppressed(boxes[:0], scores[:0], 0.5).tolist() == []


def test_pooling_a_slope_gives_the_slope_at_the_middle_of_each_bin() -> None:
    rows, columns = torch.meshgrid(torch.arange(40.0), torch.arange(40.0), indexing="ij")
    features = torch.stack([rows, columns])[None]
    rois = torch.tensor([[0.0, 8.0, 4.0, 24.0, 20.0]])
    out = pooled(features, rois, 1.0, 4, 4, 2, True)
    wanted = torch.tensor([4.0, 8.0, 12.0, 16.0]) + 2.0 - 0.5
    assert torch.allclose(out[0, 0], wanted[:, None].expand(4, 4))
    assert torch.allclose(out[0, 1], (wanted + 4.0)[None, :].expand(4, 4))


def test_boxes_that_no_square_has_are_dropped_and_one_opening_has_one_class() -> None:
    boxes = torch.tensor(
        [[0.0, 0, 50, 50], [2, 2, 52, 52], [100, 0, 200, 40], [100, 100, 150, 151]]
    )
    said = torch.tensor([[0.5, 0.2], [0.1, 0.6], [0.9, 0.05], [0.02, 0.03]])
    kept, scores, probabilities = kept_squares(boxes, said.max(dim=1).values, said)
    assert kept.tolist() == [[2, 2, 52, 52]]
    assert scores.tolist() == pytest.approx([0.6])
    assert probabilities.sum(dim=1).tolist() == pytest.approx([1.0])


def test_the_learning_rate_starts_low_and_ends_at_nothing() -> None:
    rates = [trainer.rate(step, 1000) for step in range(1000)]
    assert rates[0] < 0.02
    assert max(rates) == 1.0
    assert rates[-1] < 1e-4


def test_a_few_steps_on_one_picture_learn_it_and_the_detector_answers_well_formed() -> None:
    torch.manual_seed(0)
    grey = np.full((128, 128), 0.1, dtype=np.float32)
    boxes = np.array([[16.0, 16, 56, 56], [70, 70, 112, 112]])
    for x0, y0, x1, y1 in boxes.astype(int):
        grey[y0:y1, x0:x1] = 0.9
    batch = [Boxed(grey, boxes, np.array([1, 3]))]
    detector = square_detector(6, depth=18).train()
    # fewer proposals than in earnest: it is the step that is tested, not patience
    detector.rpn._pre_nms_top_n = dict.fromkeys(("training", "testing"), 60)
    detector.rpn._post_nms_top_n = dict.fromkeys(("training", "testing"), 40)
    detector.roi_heads.fg_bg_sampler.batch_size_per_image = 32
    optimiser = torch.optim.AdamW(detector.parameters(), 3e-4)
    cpu = torch.device("cpu")
    losses = [trainer.step_on(detector, optimiser, batch, cpu) for _ in range(4)]
    assert losses[-1] < 0.9 * losses[0]
    with torch.no_grad():
        picture = torch.from_numpy(grey).expand(1, 3, -1, -1)
        found, scores, said = DetectSquares(detector.eval())(picture)
    assert found.shape == (len(scores), 4)
    assert said.shape == (len(scores), 6)
    assert torch.allclose(said.sum(dim=1), torch.ones(len(scores)))
