"""Rules by which people are told: read, set, changed and taken away."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from api.etags import version_expected
from api.idempotency import once
from api.resources import ALERT_RULES
from api.schema import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    Doc,
    list_parameters,
    page_serializer,
    single_serializer,
)
from api.serializers.alert_rules import AlertRuleSerializer, EditAlertRuleBody, NewAlertRuleBody
from api.views.reading import ListView, SingleView, single_doc
from smartscope.operations.alert_rules import change_rule, create_rule, delete_rule
from smartscope.queries.events import head_seq

SETS = {
    "GET": "read",
    "HEAD": "read",
    "OPTIONS": "read",
    "POST": "plan",
    "PATCH": "plan",
    "DELETE": "plan",
}


class AlertRules(ListView):
    """Rules you may see; a session's by who edits it, a microscope's by who drives it."""

    resource = ALERT_RULES
    tag = "alarms"
    scopes = SETS
    docs = {
        "GET": Doc(
            operation_id="list_alert_rules",
            summary="List alert rules",
            answer=page_serializer(AlertRuleSerializer),
            parameters=list_parameters(ALERT_RULES.filters, ALERT_RULES.sorts),
        ),
        "POST": Doc(
            operation_id="create_alert_rule",
            summary="Set an alert rule",
            body=NewAlertRuleBody,
            answer=single_serializer(AlertRuleSerializer),
            status=201,
            parameters=[IDEMPOTENCY_KEY],
            problems=(422,),
        ),
    }

    def post(self, request: Request) -> Response:
        return once(request, lambda: self._created(request))

    def _created(self, request: Request) -> Response:
        body = NewAlertRuleBody(data=request.data)
        body.is_valid(raise_exception=True)
        rule = create_rule(self.actor, body.validated_data)
        return Response(AlertRuleSerializer(rule).data | {"as_of_seq": head_seq()}, status=201)


class OneAlertRule(SingleView):
    """A rule; where it is watched stays as it was set."""

    resource = ALERT_RULES
    tag = "alarms"
    scopes = SETS
    docs = {
        "GET": single_doc(ALERT_RULES, "alert_rule"),
        "PATCH": Doc(
            operation_id="change_alert_rule",
            summary="Change an alert rule",
            body=EditAlertRuleBody,
            answer=single_serializer(AlertRuleSerializer),
            parameters=[IF_MATCH],
            problems=(412, 428),
        ),
        "DELETE": Doc(
            operation_id="delete_alert_rule", summary="Take an alert rule away", status=204
        ),
    }

    def patch(self, request: Request, key: str) -> Response:
        rule = self.find(key)
        body = EditAlertRuleBody(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        version = version_expected(request)
        changed = change_rule(self.actor, rule.pk, body.validated_data, version=version)
        return self.shown(request, changed, head_seq())

    def delete(self, request: Request, key: str) -> Response:
        delete_rule(self.actor, self.find(key).pk)
        return Response(status=204)
