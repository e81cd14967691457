"""Before a session starts: tables of grids, the cassette, the order, and the preflight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from api.etags import version_expected
from api.resources import MICROSCOPES, SESSIONS
from api.schema import IF_MATCH, Doc
from api.serializers.commands import OutcomeSerializer
from api.serializers.planning import (
    InventorySerializer,
    ManifestBody,
    ManifestOutcomeSerializer,
    ManifestSerializer,
    OrderBody,
    PreflightSerializer,
    ReadTableBody,
)
from api.spreadsheets import table_of_text, table_of_xlsx
from api.views.base import View
from smartscope.domain.errors import InvalidInput
from smartscope.domain.manifest import Manifest, ManifestRow, read_manifest
from smartscope.models import Microscope, Session
from smartscope.operations.add_grids import add_grids
from smartscope.operations.create_session import NewGrid
from smartscope.operations.order_grids import order_grids
from smartscope.operations.pending_edit import Manner
from smartscope.queries.events import head_seq
from smartscope.queries.inventory import inventory
from smartscope.queries.preflight import preflight
from smartscope.queries.sessions import parameters_of, slots_taken

WRITES = {"OPTIONS": "read", "POST": "plan", "PUT": "plan"}


class ReadManifest(View):
    """A pasted table or an XLSX file, cell by cell; nothing is written. Good rows stay good."""

    tag = "sessions"
    scopes = WRITES
    docs = {
        "POST": Doc(
            operation_id="read_manifest",
            summary="Read a table of grids",
            body=ReadTableBody,
            answer=ManifestSerializer,
        )
    }

    def post(self, request: Request) -> Response:
        body = ReadTableBody(data=request.data)
        body.is_valid(raise_exception=True)
        microscope: Microscope = MICROSCOPES.one(
            self.reader, str(body.validated_data["microscope"])
        )
        read = read_manifest(_table(body.validated_data), slots=microscope.loader_slots)
        return Response(ManifestSerializer(read).data)


class SessionManifest(View):
    """Add the grids of a table to a session, also while it runs; bad rows say what is wrong."""

    tag = "sessions"
    scopes = WRITES
    docs = {
        "POST": Doc(
            operation_id="add_manifest",
            summary="Add a table of grids",
            body=ManifestBody,
            answer=ManifestOutcomeSerializer,
        )
    }

    def post(self, request: Request, key: str) -> Response:
        session: Session = SESSIONS.one(self.reader, key)
        body = ManifestBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        read = read_manifest(
            _table(data),
            slots=session.microscope.loader_slots,
            taken=slots_taken(session),
            usual=parameters_of(session),
        )
        good = [row for row in read.rows if row.good]
        if data["mode"] == "atomic" and (len(good) < len(read.rows) or read.problems):
            raise InvalidInput(_told(read))
        outcome = None
        if good:
            manner = Manner(dry_run=data["dry_run"], summary=f"{len(good)} grids from a table")
            outcome = add_grids(self.actor, session.pk, [_new(row) for row in good], manner)
        shown = {
            "columns": read.columns,
            "rows": read.rows,
            "problems": read.problems,
            "outcome": None if outcome is None else asdict(outcome),
        }
        return Response(ManifestOutcomeSerializer(shown).data)


class Inventory(View):
    """The cassette as it was when a run was last armed."""

    tag = "microscopes"
    docs = {
        "GET": Doc(
            operation_id="get_inventory",
            summary="What is in the cassette",
            answer=InventorySerializer,
        )
    }

    def get(self, request: Request, key: str) -> Response:
        microscope = MICROSCOPES.one(self.reader, key)
        return Response(InventorySerializer(inventory(microscope, self.reader)).data)


class GridOrder(View):
    """In which order the waiting grids are taken; `If-Match` is the session's."""

    tag = "sessions"
    scopes = WRITES
    docs = {
        "PUT": Doc(
            operation_id="order_grids",
            summary="Change the order of the grids",
            body=OrderBody,
            answer=OutcomeSerializer,
            parameters=[IF_MATCH],
            problems=(412, 428),
        )
    }

    def put(self, request: Request, key: str) -> Response:
        session = SESSIONS.one(self.reader, key)
        body = OrderBody(data=request.data)
        body.is_valid(raise_exception=True)
        wanted: list[UUID] = body.validated_data["grids"]
        version = version_expected(request)
        outcome = order_grids(self.actor, session.pk, wanted, version=version)
        return Response(OutcomeSerializer(asdict(outcome)).data)


class SessionPreflight(View):
    """What a start would meet; nothing moves and nothing is written."""

    tag = "sessions"
    docs = {
        "GET": Doc(
            operation_id="get_preflight",
            summary="Look before a start",
            answer=PreflightSerializer,
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        found = asdict(preflight(SESSIONS.one(self.reader, key)))
        return Response(PreflightSerializer(found | {"as_of_seq": as_of_seq}).data)


def _table(data: Mapping[str, Any]) -> list[list[str]]:
    return table_of_text(data["text"]) if "text" in data else table_of_xlsx(data["xlsx"])


def _new(row: ManifestRow) -> NewGrid:
    assert row.described is not None
    return NewGrid(
        described=row.described, sample=row.sample, notes=row.notes, parameters=row.parameters
    )


def _told(read: Manifest) -> dict[str, str]:
    """Every problem by line and column."""
    told = {f"table.{one.column}": one.message for one in read.problems}
    for row in read.rows:
        told |= {f"line {row.line}.{one.column}": one.message for one in row.problems}
    return told
