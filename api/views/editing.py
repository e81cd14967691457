"""Edits by people: many targets at once, each edit a changeset that can be taken back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.resource import Resource
from api.resources import CHANGESETS, EXPOSURES, GRIDS, HOLES, SQUARES
from api.schema import Doc
from api.serializers.commands import (
    BulkBody,
    BulkOutcomeSerializer,
    ExposureBulkBody,
    HoleBulkBody,
    OutcomeSerializer,
    RevertBody,
    TargetBulkBody,
)
from api.serializers.session import GridSetBody
from api.views.base import View
from smartscope.domain.actor import Actor
from smartscope.domain.errors import InvalidInput
from smartscope.models import ApiToken
from smartscope.operations.edit_grid import edit_grids, judge_grids
from smartscope.operations.edit_targets import edit_holes, edit_squares, label_exposures
from smartscope.operations.hole_shapes import delete_holes
from smartscope.operations.pending_edit import Manner, Outcome
from smartscope.operations.revert_changeset import revert_changeset
from smartscope.operations.square_edits import Wanted
from smartscope.operations.target_rows import MOST_ROWS
from smartscope.queries.edit_preview import edit_preview

CLEAR = "clear"


class GridBulkBody(BulkBody):
    set = GridSetBody()


class BulkView(View, ABC):
    """All of them (`atomic`) or what is possible; `dry_run` tells what would happen."""

    resource: ClassVar[Resource]
    body: ClassVar[type[serializers.Serializer[Any]]]
    scopes = {"POST": "plan", "OPTIONS": "read"}

    def scope_needed(self, request: Request) -> str:
        """Labelling alone needs no right to plan."""
        wanted = request.data.get("set") if isinstance(request.data, dict) else None
        if isinstance(wanted, dict) and set(wanted) == {"label"}:
            return "label"
        return super().scope_needed(request)

    def post(self, request: Request) -> Response:
        body = self.body(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        manner = Manner(
            atomic=data["mode"] == "atomic",
            dry_run=data["dry_run"],
            summary=f"{self.resource.name}: {_said(data['set'])}",
        )
        ids = self._ids(data)
        shown = asdict(self.edit(self.actor, ids, data["set"], manner))
        if data["dry_run"]:
            shown["preview"] = edit_preview(self.resource.rows(self.reader), ids)
        return Response(BulkOutcomeSerializer(shown).data)

    @abstractmethod
    def edit(
        self, actor: Actor, ids: Sequence[UUID], wanted: Mapping[str, Any], manner: Manner
    ) -> Outcome:
        """The operation behind this route."""

    def wanted(self, data: Mapping[str, Any]) -> Wanted:
        """What is to be set; a token that may only label takes nothing out of the queue."""
        token = self.request.auth
        return Wanted(
            label=_label(data["label"]) if "label" in data else None,
            queue=data.get("queue"),
            skip=data.get("skip"),
            may_unqueue=not isinstance(token, ApiToken) or "plan" in token.scopes,
        )

    def _ids(self, data: Mapping[str, Any]) -> list[UUID]:
        if "ids" in data:
            return list(dict.fromkeys(data["ids"]))
        asked = QueryDict(mutable=True)
        asked.update(data["filter"])
        rows = self.resource.narrowed(self.reader, asked).order_by().values_list("pk", flat=True)
        found = list(rows[: MOST_ROWS + 1])
        if not found:
            raise InvalidInput({"filter": "matches nothing that you may see."})
        return found


def bulk_doc(noun: str, body: type[serializers.Serializer[Any]]) -> Mapping[str, Doc]:
    return {
        "POST": Doc(
            operation_id=f"edit_{noun}",
            summary=f"Edit many {noun}",
            body=body,
            answer=BulkOutcomeSerializer,
        )
    }


class SquaresBulk(BulkView):
    """Label, queue or skip squares; all or what is possible, previewed by `dry_run`."""

    resource, body, tag = SQUARES, TargetBulkBody, "squares"
    docs = bulk_doc("squares", TargetBulkBody)

    def edit(
        self, actor: Actor, ids: Sequence[UUID], wanted: Mapping[str, Any], manner: Manner
    ) -> Outcome:
        return edit_squares(actor, ids, self.wanted(wanted), manner)


class HolesBulk(BulkView):
    """Label, queue, skip or delete holes; groups, square and grid follow."""

    resource, body, tag = HOLES, HoleBulkBody, "holes"
    docs = bulk_doc("holes", HoleBulkBody)

    def edit(
        self, actor: Actor, ids: Sequence[UUID], wanted: Mapping[str, Any], manner: Manner
    ) -> Outcome:
        if "delete" in wanted:
            if dict(wanted) != {"delete": True}:
                raise InvalidInput({"set": "delete goes alone, as true; a revert brings back."})
            return delete_holes(actor, ids, manner)
        return edit_holes(actor, ids, self.wanted(wanted), manner)


class ExposuresBulk(BulkView):
    """Judge exposures good or bad."""

    resource, body, tag = EXPOSURES, ExposureBulkBody, "exposures"
    docs = bulk_doc("exposures", ExposureBulkBody)

    def edit(
        self, actor: Actor, ids: Sequence[UUID], wanted: Mapping[str, Any], manner: Manner
    ) -> Outcome:
        return label_exposures(actor, ids, _label(wanted["label"]), manner)


class GridsBulk(BulkView):
    """Skip grids, or take ended ones up again, or give them a verdict and a tag."""

    resource, body, tag = GRIDS, GridBulkBody, "grids"
    docs = bulk_doc("grids", GridBulkBody)

    def edit(
        self, actor: Actor, ids: Sequence[UUID], wanted: Mapping[str, Any], manner: Manner
    ) -> Outcome:
        if wanted and set(wanted) <= {"verdict", "tag"}:
            return judge_grids(actor, ids, {**wanted}, manner=manner)
        if list(wanted.values()) != [True]:
            raise InvalidInput({"set": "give skip or queue as true, or verdict and tag."})
        return edit_grids(actor, ids, queue="queue" in wanted, manner=manner)


class Revert(View):
    """Rows that still hold what the changeset wrote get back what they had before."""

    tag = "changesets"
    scopes = {"POST": "plan", "OPTIONS": "read"}
    docs = {
        "POST": Doc(
            operation_id="revert_changeset",
            summary="Take an edit back",
            body=RevertBody,
            answer=OutcomeSerializer,
        )
    }

    def post(self, request: Request, key: str) -> Response:
        body = RevertBody(data=request.data or {})
        body.is_valid(raise_exception=True)
        changeset = CHANGESETS.one(self.reader, key)
        outcome = revert_changeset(self.actor, changeset.pk, dry_run=body.validated_data["dry_run"])
        return Response(OutcomeSerializer(asdict(outcome)).data)


def _label(label: str | None) -> str:
    return "" if label is None or label == CLEAR else label


def _said(wanted: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in wanted.items())
