"""Faster R-CNN for grid squares: ResNet-50 with feature pyramid and group normalisation, from
scratch.

Ren et al. 2015 with Lin et al. 2017; group normalisation (Wu and He 2018) because batches hold one
or four images. Needs torch and torchvision; imported by trainers only.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from smartscope.training.squares.torchvision_ops import detection_models

GROUPS = 32
ANCHOR_SIDES_PX = ((16,), (32,), (64,), (128,), (256,))
ANCHOR_RATIOS = (0.85, 1.0, 1.18)
MOST_SQUARES = 500
OVERLAP = 0.3
STORED_SCORE = 0.05
ASPECT = (0.8, 1.2)
#: Grey between 0 and 1, as `rcnn_input` prepares it, made roughly standard.
GREY_MEAN, GREY_SD = 0.3, 0.3


def square_detector(classes: int, *, depth: int = 50) -> Any:
    """A new `FasterRCNN` for `classes` classes beside the background, weights at random; `depth`
    of its ResNet is 50, or 18 for a smaller one.

    The library's ready-made builder chooses batch normalisation by itself; this one does not.
    """
    models = detection_models()
    from torchvision.models import resnet18, resnet50
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor

    resnet = {18: resnet18, 50: resnet50}[depth](weights=None, norm_layer=group_norm)
    backbone = _resnet_fpn_extractor(resnet, trainable_layers=5, norm_layer=group_norm)
    anchors = AnchorGenerator(ANCHOR_SIDES_PX, (ANCHOR_RATIOS,) * len(ANCHOR_SIDES_PX))
    return models.FasterRCNN(
        backbone,
        num_classes=classes + 1,
        rpn_anchor_generator=anchors,
        rpn_pre_nms_top_n_test=2000,
        rpn_post_nms_top_n_test=1000,
        box_score_thresh=STORED_SCORE,
        box_nms_thresh=OVERLAP,
        box_detections_per_img=MOST_SQUARES,
        image_mean=[GREY_MEAN] * 3,
        image_std=[GREY_SD] * 3,
        _skip_resize=True,
    )


def group_norm(channels: int) -> nn.Module:
    """The normalisation of every layer of the backbone."""
    return nn.GroupNorm(min(GROUPS, channels), channels)


class DetectSquares(nn.Module):
    """A trained detector as the service runs it: one picture in, whole boxes and probabilities out.

    Of each proposal the box of its likeliest class is kept; boxes that no square can have are
    dropped, then overlapping ones whatever their class, because an opening has one class.
    """

    def __init__(self, detector: Any, temperature: float = 1.0) -> None:
        super().__init__()
        self.detector = detector
        self.register_buffer("temperature", torch.tensor(temperature))

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """From (1, 3, H, W): boxes (N, 4), scores (N,), probabilities (N, classes), best first."""
        model = self.detector
        images, _ = model.transform([picture[0]])
        features = model.backbone(images.tensors)
        proposals, _ = model.rpn(images, features)
        heads = model.roi_heads
        pooled = heads.box_roi_pool(features, proposals, images.image_sizes)
        logits, regression = heads.box_predictor(heads.box_head(pooled))
        said = torch.softmax(logits / self.temperature, dim=1)[:, 1:]
        scores, best = said.max(dim=1)
        every = heads.box_coder.decode(regression, proposals)
        picked = (best + 1)[:, None, None].expand(-1, 1, 4)
        boxes = every.gather(1, picked)[:, 0]
        return kept_squares(boxes, scores, said)


def kept_squares(boxes: Tensor, scores: Tensor, said: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes (N, 4) of plausible form and score, no two overlapping; probabilities sum to 1."""
    from torchvision.ops import nms

    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    aspect = width / height.clamp(min=1e-3)
    fits = (aspect >= ASPECT[0]) & (aspect <= ASPECT[1]) & (scores >= STORED_SCORE) & (width > 1)
    boxes, scores, said = boxes[fits], scores[fits], said[fits]
    kept = nms(boxes, scores, OVERLAP)[:MOST_SQUARES]
    probabilities = said[kept] / said[kept].sum(dim=1, keepdim=True)
    return boxes[kept], scores[kept], probabilities
