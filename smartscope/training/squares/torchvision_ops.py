"""Torchvision beside a torch built for the CPU alone, where its own operators cannot be loaded.

Torchvision's wheels are linked to CUDA. Without it, its two operators that detectors need are
registered from Python: slower, the same numbers, enough to run a training's steps on any machine.
"""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import Tensor

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    # only asked for by name while torchvision is imported
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    (
        "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, "
        "SymInt pooled_width, int sampling_ratio, bool aligned) -> Tensor"
    ),
)
_registered: list[torch.library.Library] = []


def detection_models() -> Any:
    """`torchvision.models.detection`, with operators written here where its own are missing.

    Raises `ImportError` where torchvision is not installed or fails for another reason.
    """
    try:
        import torchvision.models.detection as models
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise ImportError(f"torchvision does not load: {error}") from error
        _register()
        import torchvision.models.detection as models

        _use_registered()
    return models


def suppressed(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Numbers of the boxes (N, 4) that no better one overlaps by more than the threshold, best
    first.
    """
    order = scores.argsort(descending=True, stable=True)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        low = torch.maximum(boxes[best, :2], boxes[order, :2])
        high = torch.minimum(boxes[best, 2:], boxes[order, 2:])
        common = (high - low).clamp(min=0).prod(dim=1)
        order = order[common <= iou_threshold * (areas[best] + areas[order] - common)]
    return torch.stack(kept) if kept else order


def pooled(
    features: Tensor,
    rois: Tensor,
    scale: float,
    height: int,
    width: int,
    ratio: int,
    aligned: bool,  # noqa: FBT001  the operator's own signature
) -> Tensor:
    """RoIAlign (He et al. 2017, section 3): bilinear samples of (N, C, H, W) averaged in bins of
    rois (K, 5), giving (K, C, height, width). `ratio` samples per bin and side, at least 1.
    """
    count, per_bin = len(rois), max(ratio, 1)
    image = rois[:, 0].long()
    low, high = rois[:, 1:3] * scale, rois[:, 3:5] * scale
    if aligned:
        low, high = low - 0.5, high - 0.5
        size = high - low
    else:
        size = (high - low).clamp(min=1.0)
    sampled = []
    for axis, bins in ((1, height), (0, width)):
        ticks = (torch.arange(bins * per_bin, device=rois.device) + 0.5) / (bins * per_bin)
        sampled.append(low[:, axis, None] + ticks * size[:, axis, None])
    y, x = sampled
    values = _bilinear(features, image, y, x)
    return values.reshape(count, features.shape[1], height, per_bin, width, per_bin).mean((3, 5))


def _bilinear(features: Tensor, image: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """(K, C, Y, X) values at rows y (K, Y) and columns x (K, X) of image (K,); 0 far outside."""
    rows, columns = features.shape[2:]
    inside = ((y > -1) & (y < rows))[:, :, None] & ((x > -1) & (x < columns))[:, None, :]
    y, x = y.clamp(0, rows - 1), x.clamp(0, columns - 1)
    top, left = y.floor().long(), x.floor().long()
    bottom, right = (top + 1).clamp(max=rows - 1), (left + 1).clamp(max=columns - 1)
    down, across = (y - top)[:, None, :, None], (x - left)[:, None, None, :]
    lines = features.permute(0, 2, 3, 1)

    def at(row: Tensor, column: Tensor) -> Tensor:
        picked = lines[image[:, None, None], row[:, :, None], column[:, None, :]]
        return picked.permute(0, 3, 1, 2)

    upper = at(top, left) * (1 - across) + at(top, right) * across
    lower = at(bottom, left) * (1 - across) + at(bottom, right) * across
    return (upper * (1 - down) + lower * down) * inside[:, None]


def _register() -> None:
    if _registered:
        return
    library = torch.library.Library("torchvision", "DEF")
    for schema in _SCHEMAS:
        library.define(schema)
    library.impl("nms", suppressed, "CPU")
    library.impl("roi_align", pooled, "CompositeImplicitAutograd")
    _registered.append(library)


def _use_registered() -> None:
    """Torchvision asks whether its compiled library is there; for these two it now is."""
    boxes = importlib.import_module("torchvision.ops.boxes")
    # The package's attribute of that name is the function; the module is asked for by name.
    roi_align = importlib.import_module("torchvision.ops.roi_align")
    for module in (boxes, roi_align):
        module.__dict__["_has_ops"] = _are_there
        module.__dict__["_assert_has_ops"] = _no_complaint


def _are_there() -> bool:
    return True


def _no_complaint() -> None:
    return None
