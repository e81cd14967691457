"""The age of the last backup, and a document for whoever is asked for help."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import Doc
from api.serializers.upkeep import BackupSerializer, SupportBundleSerializer
from api.views.base import View
from smartscope.queries.backups import last_backup
from smartscope.queries.events import head_seq
from smartscope.queries.rights import require_staff
from smartscope.queries.support_bundle import support_bundle

COMMAND = "manage.py backup DIRECTORY"


class LastBackup(View):
    """When the last backup was made, by the log."""

    docs = {
        "GET": Doc(
            operation_id="get_last_backup", summary="The last backup", answer=BackupSerializer
        )
    }

    def get(self, request: Request) -> Response:
        as_of_seq, made = head_seq(), last_backup()
        body = {
            "at": None if made is None else made.at,
            "age_h": None if made is None else (timezone.now() - made.at).total_seconds() / 3600,
            "database_bytes": None if made is None else made.database_bytes,
            "images": None if made is None else made.images,
            "command": COMMAND,
            "as_of_seq": as_of_seq,
        }
        return Response(BackupSerializer(body).data)


class SupportBundle(View):
    """For the facility's staff; read it before you send it."""

    scopes = {"POST": "admin", "OPTIONS": "read"}
    docs = {
        "POST": Doc(
            operation_id="make_support_bundle",
            summary="A document for whoever is asked for help",
            answer=SupportBundleSerializer,
        )
    }

    def post(self, request: Request) -> Response:
        require_staff(self.actor)
        return Response({"bundle": support_bundle()})
