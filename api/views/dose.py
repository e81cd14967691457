"""What beam a target has had, from the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from api.resource import Resource
from api.resources import GRIDS, HOLES, SQUARES
from api.schema import SESSION_PARAMETER, Doc
from api.serializers.dose import DoseLedgerSerializer
from api.views.base import View
from smartscope.queries.dose_ledger import DoseLedger, dose_of_grid, dose_of_hole, dose_of_square
from smartscope.queries.events import head_seq


class DoseView(View):
    """Every image that went through it, newest first, with sums and what is uncertain."""

    resource: ClassVar[Resource]
    ledger: ClassVar[Callable[[Any], DoseLedger]]

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        row = self.resource.one(self.reader, key, request.query_params.get("session"))
        shown = asdict(type(self).ledger(row)) | {"as_of_seq": as_of_seq}
        return Response(DoseLedgerSerializer(shown).data)


def dose_view(resource: Resource, noun: str, ledger: Callable[[Any], DoseLedger]) -> type[DoseView]:
    """The ledger of one kind of target as a view of its own."""
    doc = Doc(
        operation_id=f"get_{noun}_dose",
        summary=f"The dose of a {noun}",
        answer=DoseLedgerSerializer,
        parameters=[SESSION_PARAMETER],
    )
    members = {
        "resource": resource,
        "ledger": staticmethod(ledger),
        "docs": {"GET": doc},
        "tag": resource.name,
        "__doc__": DoseView.__doc__,
    }
    return type(f"{noun.title()}Dose", (DoseView,), members)


HoleDose = dose_view(HOLES, "hole", dose_of_hole)
SquareDose = dose_view(SQUARES, "square", dose_of_square)
GridDose = dose_view(GRIDS, "grid", dose_of_grid)
