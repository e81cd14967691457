"""Who belongs to a group, kept by its lead."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import Doc
from api.serializers.people import MemberBody, MembersSerializer
from api.views.base import View
from smartscope.models import Role
from smartscope.operations.group_members import set_member
from smartscope.queries.events import head_seq
from smartscope.queries.members import visible_members

#: a token never decides who sees a group's data: no scope opens this
ONLY_PEOPLE = {"GET": "read", "HEAD": "read", "OPTIONS": "read"}


class Members(View):
    """The people of your own groups, of all groups for staff; changed by a group's lead or staff.

    Who is taken out sees nothing of the group from their next request on.
    """

    tag = "people"
    scopes = ONLY_PEOPLE
    docs = {
        "GET": Doc(
            operation_id="list_members", summary="Who belongs to a group", answer=MembersSerializer
        ),
        "PUT": Doc(
            operation_id="set_member",
            summary="Give somebody a role in a group, or take them out",
            body=MemberBody,
            answer=MembersSerializer,
        ),
    }

    def get(self, request: Request) -> Response:
        return self._shown()

    def put(self, request: Request) -> Response:
        body = MemberBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        role = None if data["role"] is None else Role(data["role"])
        set_member(self.actor, data["group"], data["username"], role)
        return self._shown()

    def _shown(self) -> Response:
        as_of_seq, rows = head_seq(), visible_members(self.reader)
        return Response(MembersSerializer({"results": rows, "as_of_seq": as_of_seq}).data)
