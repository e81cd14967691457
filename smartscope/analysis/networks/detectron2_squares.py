"""A site's own detectron2 model of grid squares, run natively where detectron2 is installed.

Weights of such models do not move to another library by renaming: channel order, scaling, strides
and anchors differ. So nothing is converted; nothing is imported before the plug-in is asked for.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FindContext, Findings, FloatArray, Image
from smartscope.analysis.detection.seen_squares import no_squares, see_squares
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.networks.box_findings import boxes_as_findings
from smartscope.analysis.networks.detector_input import detector_input, without_overlaps
from smartscope.analysis.networks.network import UnusableWeights

FOLDER_VARIABLE: Final = "SMARTSCOPE_DETECTRON_MODEL"
CARD: Final = "model.toml"
#: Such models were trained on whole atlases of this size.
LONG_SIDE_PX: Final = 2048
OVERLAP: Final = 0.3

#: 8-bit BGR picture (H, W, 3) to boxes (N, 4), scores (N,), class numbers (N,).
Predict = Callable[[NDArray[np.uint8]], tuple[FloatArray, FloatArray, NDArray[np.int64]]]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What `model.toml` says: files beside it, the weights' SHA-256, our label of each class."""

    config: Path
    weights: Path
    sha256: str
    classes: tuple[str, ...]
    score: float
    device: str


class Detectron2SquareFinder:
    """Boxes and classes as the model gives them; all squares left over are not looked for."""

    def __init__(self) -> None:
        """Raises `UnusableWeights` where the folder is not named, not whole or not loadable."""
        manifest = read_manifest(files("smartscope.analysis.networks") / "detectron2_squares.toml")
        model = read_card(_folder(), manifest.label_keys())
        self._predict = _predictor(model)
        self._classes = model.classes
        # Findings are kept by plug-in and version: another model is another version.
        self._manifest = replace(manifest, version=f"{manifest.version}+{model.sha256[:8]}")

    @property
    def manifest(self) -> Manifest:
        """Name, version with the model's checksum, the six labels."""
        return self._manifest

    def find(self, image: Image, context: FindContext) -> Findings:
        """Squares of an atlas reduced to 2048 px, as the model was trained on."""
        labels = self._manifest.label_keys()
        # The mesh does not matter here: a pitch of 100 px of 2048 keeps the scale to the size.
        pitch_px = max(image.pixels.shape) / LONG_SIDE_PX * 100.0
        picture = detector_input(image.pixels, image.imaged, pitch_px)
        if picture is None:
            return no_squares(labels, "the image is flat")
        grey = np.rint(picture.grey * 255).astype(np.uint8)
        boxes, scores, classes = self._predict(np.repeat(grey[:, :, None], 3, axis=2))
        kept = without_overlaps(boxes, scores, OVERLAP)
        said = probabilities_of(scores[kept], classes[kept], self._classes, labels)
        boxes = picture.to_image(boxes[kept])
        seen = see_squares(image, context)
        return boxes_as_findings(image, labels, boxes, scores[kept], said, seen)


def probabilities_of(
    scores: FloatArray,
    classes: NDArray[np.int64],
    names: tuple[str, ...],
    labels: tuple[str, ...],
) -> FloatArray:
    """(N, L): the score for the class named, what is left shared evenly by the others.

    Such models give one class per box; the rest is ignorance, not knowledge.
    """
    rest = (1.0 - np.clip(scores, 0.0, 1.0)) / (len(labels) - 1)
    said = np.repeat(rest[:, None], len(labels), axis=1)
    columns = np.array([labels.index(names[number]) for number in classes], dtype=np.int64)
    said[np.arange(len(scores)), columns] = np.clip(scores, 0.0, 1.0)
    return np.asarray(said / said.sum(axis=1, keepdims=True))


def read_card(folder: Path, labels: tuple[str, ...]) -> ModelCard:
    """The card of a model's folder; raises `UnusableWeights` saying what is missing or wrong."""
    path = folder / CARD
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        card = ModelCard(
            config=folder / str(table["config"]),
            weights=folder / str(table["weights"]),
            sha256=str(table["sha256"]),
            classes=tuple(str(name) for name in table["classes"]),
            score=float(table.get("score", 0.2)),
            device=str(table.get("device", "cpu")),
        )
        strange = sorted({*card.classes} - {*labels})
        if strange:
            raise ValueError(f"classes {', '.join(strange)} are none of {', '.join(labels)}")
        with card.weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UnusableWeights(
            f"{path} cannot be used ({type(error).__name__}: {error}); docs/models.md says what "
            "must stand in it."
        ) from error
    if found != card.sha256:
        raise UnusableWeights(
            f"{card.weights} has the checksum {found[:12]}…, {path} says {card.sha256[:12]}…: it "
            "is not the model that was written down."
        )
    return card


def _folder() -> Path:
    named = os.environ.get(FOLDER_VARIABLE)
    if not named:
        raise UnusableWeights(
            f"No detectron2 model is named; set {FOLDER_VARIABLE} to the folder with its {CARD}."
        )
    return Path(named)


def _predictor(card: ModelCard) -> Predict:
    try:
        from detectron2.config import get_cfg
        from detectron2.engine import DefaultPredictor
    except ImportError as error:
        raise UnusableWeights(
            f"detectron2 is not installed ({error}); build it from source for this torch, in the "
            "workers' environment, as docs/models.md says."
        ) from error
    settings: Any = get_cfg()
    settings.merge_from_file(str(card.config))
    settings.MODEL.WEIGHTS = str(card.weights)
    settings.MODEL.DEVICE = card.device
    settings.MODEL.ROI_HEADS.SCORE_THRESH_TEST = card.score
    predictor = DefaultPredictor(settings)

    def predict(
        picture: NDArray[np.uint8],
    ) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
        instances = predictor(picture)["instances"].to("cpu")
        return (
            instances.pred_boxes.tensor.numpy().astype(np.float64),
            instances.scores.numpy().astype(np.float64),
            instances.pred_classes.numpy().astype(np.int64),
        )

    return predict
