"""Grid squares by a detection network that needs no threshold: whole boxes with six probabilities.

No weights come with it: a site trains it on a GPU (`manage.py train squares --network
faster-rcnn`).
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from smartscope.analysis.base import FindContext, Findings, FloatArray, Image
from smartscope.analysis.detection.seen_squares import SeenSquares, no_squares, see_squares
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.networks.box_findings import boxes_as_findings
from smartscope.analysis.networks.detector_input import (
    LONG_SIDE_PX,
    DetectorInput,
    detector_input,
    tiles_of,
    without_overlaps,
)
from smartscope.analysis.networks.network import Trained, chosen

USED_SCORE = 0.2
OVERLAP = 0.3

_HERE = files("smartscope.analysis.networks")


class DetectorSquareFinder:
    """Faster R-CNN as an ONNX graph: picture (1, 3, H, W) to boxes, scores, probabilities."""

    def __init__(self, trained: Trained | None = None) -> None:
        """With a site's weights; raises `UnusableWeights` without any."""
        card = read_manifest(_HERE / "detector_squares.toml")
        self._manifest, self._network = chosen(card, _HERE, trained)

    @property
    def manifest(self) -> Manifest:
        """Name, version, the six labels and the weights' checksum."""
        return self._manifest

    def find(self, image: Image, context: FindContext) -> Findings:
        """Squares of an atlas; the mesh's pitch comes from the context, else from the image."""
        labels = self._manifest.label_keys()
        seen = see_squares(image, context)
        pitch_px = _pitch_px(image, context, seen)
        if pitch_px is None:
            return no_squares(labels, "no mesh was declared and none can be seen")
        picture = detector_input(image.pixels, image.imaged, pitch_px)
        if picture is None:
            return no_squares(labels, "the image is flat")
        boxes, scores, said = self._detect(picture, pitch_px / picture.scale)
        used = scores >= USED_SCORE
        boxes = picture.to_image(boxes[used])
        return boxes_as_findings(image, labels, boxes, scores[used], said[used], seen)

    def _detect(
        self, picture: DetectorInput, pitch_px: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Boxes (N, 4) in picture pixels, scores (N,), probabilities (N, L); tiles joined."""
        parts = []
        for y, x in tiles_of(picture.grey.shape, pitch_px):
            tile = picture.grey[y : y + LONG_SIDE_PX, x : x + LONG_SIDE_PX]
            answer = self._network.run(np.repeat(tile[None, None], 3, axis=1))
            boxes, scores, said = (part.astype(np.float64) for part in answer)
            parts.append((boxes + np.array([x, y, x, y]), scores, said))
        boxes, scores, said = (np.concatenate(part) for part in zip(*parts, strict=True))
        kept = without_overlaps(boxes, scores, OVERLAP)
        return boxes[kept], scores[kept], said[kept]


def _pitch_px(image: Image, context: FindContext, seen: SeenSquares | None) -> float | None:
    """The mesh's pitch in image pixels: as declared, else as seen, else unknown."""
    if context.mesh_pitch_um is not None:
        return context.mesh_pitch_um / image.pixel_size_um
    return None if seen is None else seen.openings.pitch_px * seen.factor
