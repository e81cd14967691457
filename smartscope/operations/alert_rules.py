"""People set, change and take away the rules by which they are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.alert_rules import RuleKind, Watch, problems_of_rule
from smartscope.domain.errors import InvalidInput, NotFound
from smartscope.models import AlertRule, Microscope, Session
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.edit_grid import require_version
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.alert_rules import alarm_key, open_alarms_of, visible_rules
from smartscope.queries.helm import require_driver
from smartscope.queries.rights import place_of, require_edit, require_staff
from smartscope.queries.visible import reader_of, visible_microscopes, visible_sessions

WATCHED = ("kind", "minutes", "free_percent", "metric", "low", "high", "exposures")


@transaction.atomic
def create_rule(actor: Actor, values: Mapping[str, Any]) -> AlertRule:
    """For a session by who may edit it, for a microscope by who may drive it, for all by staff.

    Raises InvalidInput naming what is missing, NotFound, NotAllowed.
    """
    rule = AlertRule(**_places(actor, values), author_id=actor.user_id)
    for name, value in values.items():
        if name not in ("microscope", "session"):
            setattr(rule, name, value)
    require_rule(actor, rule)
    _check(rule)
    rule.save(force_insert=True)
    _tell(actor, rule, "settings.created")
    return rule


@transaction.atomic
def change_rule(
    actor: Actor, rule_id: UUID, changes: Mapping[str, Any], *, version: int | None
) -> AlertRule:
    """Where it is watched stays. Raises NotFound, NotAllowed, InvalidInput, Conflict `stale`."""
    rule = _locked(actor, rule_id)
    require_version(rule.version, version)
    for name, value in changes.items():
        setattr(rule, name, value)
    _check(rule)
    rule.version += 1
    rule.save()
    _tell(actor, rule, "settings.changed")
    return rule


@transaction.atomic
def delete_rule(actor: Actor, rule_id: UUID) -> None:
    """What it raised is over. Raises NotFound, NotAllowed."""
    rule = _locked(actor, rule_id)
    for alarm in open_alarms_of(alarm_key(rule)):
        clear_alarm(key=alarm.key, microscope=alarm.microscope_id)
    _tell(actor, rule, "settings.deleted")
    rule.delete()


def require_rule(actor: Actor, rule: AlertRule) -> None:
    """Raise NotAllowed unless the actor may decide of what this rule watches."""
    if rule.session is not None:
        require_edit(actor, place_of(rule.session))
    elif rule.microscope is not None:
        require_driver(actor, rule.microscope.pk)
    else:
        require_staff(actor)


def _places(actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    reader = reader_of(actor)
    session: Session | None = None
    microscope: Microscope | None = None
    if (wanted := values.get("session")) is not None:
        session = visible_sessions(reader).filter(pk=wanted).first()
        if session is None:
            raise InvalidInput({"session": "there is no such session that you may see."})
        microscope = session.microscope
    elif (wanted := values.get("microscope")) is not None:
        microscope = visible_microscopes(reader).filter(pk=wanted).first()
        if microscope is None:
            raise InvalidInput({"microscope": "there is no such microscope."})
    return {"session": session, "microscope": microscope}


def _check(rule: AlertRule) -> None:
    watch = Watch(
        **{name: getattr(rule, name) for name in WATCHED if name != "kind"},
        kind=RuleKind(rule.kind),
    )
    problems = problems_of_rule(watch)
    if (rule.quiet_from is None) != (rule.quiet_to is None):
        problems["quiet_to"] = "give both ends of the quiet hours, or neither."
    if not rule.name.strip() or not rule.name.isprintable():
        problems["name"] = "give the rule a printable name."
    if problems:
        raise InvalidInput(problems)


def _locked(actor: Actor, rule_id: UUID) -> AlertRule:
    seen = visible_rules(reader_of(actor)).filter(pk=rule_id).values("pk")
    rule = AlertRule.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=seen)
    found = rule.select_related("session", "microscope").first()
    if found is None:
        raise NotFound("There is no such rule that you may see.")
    require_rule(actor, found)
    return found


def _tell(actor: Actor, rule: AlertRule, kind: str) -> None:
    record_event(
        kind,
        actor,
        Scope(rule.microscope_id, rule.session_id),
        Told(subjects=[rule.pk], after={"rule": rule.name, "kind": rule.kind}),
    )
