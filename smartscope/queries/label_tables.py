"""People's labels of one session as tables that detectors read, without the pictures."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from uuid import UUID

from smartscope.domain.errors import NotFound
from smartscope.domain.label_sets import LabelledImage, as_coco, as_yolo, yolo_data
from smartscope.domain.labels import SQUARE_LABELS
from smartscope.queries.labelled_squares import labelled_atlases
from smartscope.queries.visible import Reader

CATEGORIES = tuple(SQUARE_LABELS)
#: the same table gives the same bytes: a zip's own clock stands still
_STILL = (1980, 1, 1, 0, 0, 0)


def coco_table(reader: Reader, session: UUID) -> dict[str, Any]:
    """A COCO table; each label with its author and time. Raises NotFound where there is none."""
    atlases = _labelled(reader, session)
    return as_coco(atlases, [_picture(atlas) for atlas in atlases], CATEGORIES)


def yolo_archive(reader: Reader, session: UUID) -> bytes:
    """A zip of YOLO lines per atlas, their `data.yaml`, and `labels.json`: who said what, and when.

    Raises NotFound where nobody labelled a square.
    """
    atlases = _labelled(reader, session)
    files = {"data.yaml": yolo_data(CATEGORIES, {"train": "images", "val": "images"})}
    for atlas in atlases:
        files[f"labels/{atlas.grid_id}.txt"] = as_yolo(atlas, CATEGORIES)
    files["labels.json"] = json.dumps(
        as_coco(atlases, [_picture(atlas) for atlas in atlases], CATEGORIES), indent=1
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _STILL), text)
    return packed.getvalue()


def _labelled(reader: Reader, session: UUID) -> list[LabelledImage]:
    atlases = list(labelled_atlases(reader, session=session))
    if not atlases:
        raise NotFound("Nobody has labelled a square of this session; label some on an atlas.")
    return atlases


def _picture(atlas: LabelledImage) -> str:
    return f"images/{atlas.grid_id}.png"
