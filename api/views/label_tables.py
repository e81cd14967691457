"""People's labels of a session to download, as COCO and as YOLO."""

from __future__ import annotations

import json

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from api.resources import SESSIONS
from api.schema import Doc
from api.views.base import View
from smartscope.queries.label_tables import coco_table, yolo_archive


class SessionCoco(View):
    """Boxes of labelled squares in pixels of their atlas, with author, time and the model's word.

    The pictures are not in it: `manage.py export_labels` writes sets with theirs.
    """

    tag = "sessions"
    docs = {
        "GET": Doc(
            operation_id="download_coco_labels",
            summary="Labels of squares as a COCO table",
            answer=OpenApiTypes.STR,
            media_type="application/json",
        )
    }

    def get(self, request: Request, key: str) -> HttpResponse:
        session = SESSIONS.one(self.reader, key)
        table = json.dumps(coco_table(self.reader, session.pk), ensure_ascii=False)
        return _download(table.encode(), "application/json", "labels_coco.json")


class SessionYolo(View):
    """A zip of lines per atlas, the classes' names, and who labelled what, and when."""

    tag = "sessions"
    docs = {
        "GET": Doc(
            operation_id="download_yolo_labels",
            summary="Labels of squares as YOLO lines",
            answer=OpenApiTypes.BINARY,
            media_type="application/zip",
        )
    }

    def get(self, request: Request, key: str) -> HttpResponse:
        session = SESSIONS.one(self.reader, key)
        packed = yolo_archive(self.reader, session.pk)
        return _download(packed, "application/zip", "labels_yolo.zip")


def _download(content: bytes, media_type: str, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
