"""A YOLO hole detector by ultralytics, from scratch and without a network connection.

ultralytics is under the AGPL-3.0: it is no part of this project and is never needed; whoever
installs it, or ships weights made with it, keeps to that licence.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from smartscope.training.holes.yolo_set import SIDE_PX, write_yolo_set
from smartscope.training.options import TrainingOptions, TrainingOutcome, TrainingRefused

#: described by a file that comes with ultralytics; no weights are fetched for it
ARCHITECTURE = "yolo11s.yaml"
TUNE_SHARE = 0.1
FONTS = ("Arial.ttf", "Arial.Unicode.ttf")
NAME = "yolo_holes.onnx"


def train_yolo(options: TrainingOptions) -> TrainingOutcome:
    """Write the pictures, train `steps` batches of them in whole rounds, export to ONNX.

    Raises `TrainingRefused` where ultralytics or a font for its plots is missing.
    """
    yolo = _offline_yolo(options.out / "ultralytics")
    pictures = max(options.batch, min(options.steps, 5000))
    tune = max(1, int(TUNE_SHARE * pictures))
    data = write_yolo_set(options.out / "set", seed=options.seed, train=pictures, tune=tune)
    rounds = max(1, round(options.steps * options.batch / pictures))
    checkpoint = options.out / "run" / "weights" / "last.pt"
    model = yolo(str(checkpoint) if options.resume and checkpoint.exists() else ARCHITECTURE)
    model.train(
        data=str(data),
        imgsz=SIDE_PX,
        epochs=rounds,
        batch=options.batch,
        seed=options.seed,
        deterministic=True,
        pretrained=False,
        resume=options.resume and checkpoint.exists(),
        project=str(options.out),
        name="run",
        exist_ok=True,
        plots=False,
        degrees=180.0,
        scale=0.4,
        flipud=0.5,
    )
    metrics = model.metrics.results_dict if model.metrics is not None else {}
    exported = Path(model.export(format="onnx", imgsz=SIDE_PX, dynamic=False, simplify=False))
    file = options.out / NAME
    shutil.copyfile(exported, file)
    return TrainingOutcome(
        onnx=file,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        metrics={str(name): float(value) for name, value in metrics.items()},
        summary=f"{ARCHITECTURE}: {rounds} rounds of {pictures} pictures, seed {options.seed}.",
    )


def _offline_yolo(folder: Path) -> Any:
    """ultralytics' `YOLO`, told before its import to fetch and send nothing."""
    os.environ.update(
        YOLO_OFFLINE="true", YOLO_AUTOINSTALL="false", YOLO_CONFIG_DIR=str(folder.resolve())
    )
    _place_fonts(folder / "Ultralytics")
    try:
        from ultralytics import YOLO, settings
    except ImportError as error:
        raise TrainingRefused(
            "YOLO needs ultralytics (AGPL-3.0), which does not come with this project; "
            "pip install ultralytics where you accept that licence."
        ) from error
    settings.update(sync=False, wandb=False, mlflow=False, comet=False, clearml=False)
    return YOLO


def _place_fonts(folder: Path) -> None:
    """Any TrueType font under the names that ultralytics would otherwise download."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in FONTS if not (folder / name).exists()]
    if not missing:
        return
    places = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
    font = next((file for place in places for file in sorted(place.rglob("*.ttf"))), None)
    if font is None:
        raise TrainingRefused(
            f"ultralytics would fetch a font. Put any TrueType font as {' and '.join(missing)} "
            f"into {folder}."
        )
    for name in missing:
        shutil.copyfile(font, folder / name)
