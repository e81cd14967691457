"""What people's own rules say now: one condition per rule and microscope, looked at each round.

Quiet hours keep a rule from raising anything; what it raised before stays until it is over.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Min

from smartscope.domain.alarms import AlarmState, Level
from smartscope.domain.alert_rules import METRICS, RuleKind, is_quiet, outside
from smartscope.domain.status import LIVE_RUNS, AnalysisState, ExposureStatus, GridStatus, RunState
from smartscope.models import AlertRule, Analysis, Exposure, Grid, Microscope, Run, Wait
from smartscope.queries.alert_rules import alarm_key, open_alarms_of
from workers.alarms.condition import Condition, settle
from workers.nudge import LATER

#: what ended longer ago is history
RECENTLY = timedelta(hours=1)
ADVICE = "A rule of your own: read what it is about, then change the rule or see to the cause."
_BAD = (RunState.FAILED, RunState.ABORTED, RunState.INTERRUPTED)


def watch_rules(now: datetime) -> None:
    """Raise and clear by every rule that is enabled."""
    for rule in AlertRule.objects.filter(enabled=True).select_related("session", "microscope"):
        quiet = is_quiet(now.astimezone(UTC).time(), rule.quiet_from, rule.quiet_to)
        for condition in conditions_of(rule, now):
            if condition.level is None or not quiet:
                settle(condition)


def conditions_of(rule: AlertRule, now: datetime) -> Iterator[Condition]:
    """Good or bad, one per microscope; of ended grids and sessions one each."""
    if rule.kind == RuleKind.DISK:
        yield _disk(rule)
        return
    microscopes = Microscope.objects.all()
    if rule.microscope_id is not None:
        microscopes = microscopes.filter(pk=rule.microscope_id)
    for microscope in microscopes.order_by("name"):
        yield from _of_microscope(rule, microscope, now)


def _of_microscope(rule: AlertRule, microscope: Microscope, now: datetime) -> Iterator[Condition]:
    runs = Run.objects.filter(microscope=microscope).select_related("session")
    if rule.session_id is not None:
        runs = runs.filter(session=rule.session_id)
    run = runs.order_by("-created_at").first()
    match RuleKind(rule.kind):
        case RuleKind.GRID_DONE:
            yield from _ended(rule, microscope, _ended_grids(run, now))
        case RuleKind.SESSION_DONE:
            yield from _ended(rule, microscope, _ended_session(run, now))
        case RuleKind.IDLE:
            yield _condition(rule, microscope, run, _idle(rule, microscope, run, now))
        case RuleKind.ERROR:
            yield _condition(rule, microscope, run, _error(run, now))
        case RuleKind.WAITING:
            yield _condition(rule, microscope, run, _waiting(rule, run, now))
        case RuleKind.METRIC:
            yield _condition(rule, microscope, run, _metric(rule, run))
        case RuleKind.ANALYSIS_BEHIND:
            yield _condition(rule, microscope, run, _behind(rule, microscope, now))


def _condition(
    rule: AlertRule, microscope: Microscope | None, run: Run | None, text: str
) -> Condition:
    return Condition(
        key=alarm_key(rule),
        level=Level(rule.level) if text else None,
        microscope=None if microscope is None else microscope.pk,
        session=None if run is None else run.session_id,
        text=f"{rule.name}: {text}",
        advice=ADVICE,
    )


def _idle(rule: AlertRule, microscope: Microscope, run: Run | None, now: datetime) -> str:
    if run is None or run.state not in LIVE_RUNS:
        return ""
    since = max(filter(None, (microscope.last_image_at, run.created_at)))
    minutes = (now - since).total_seconds() / 60
    if minutes < (rule.minutes or 0):
        return ""
    return f"no image on {microscope.name} for {rule.minutes:g} minutes."


def _error(run: Run | None, now: datetime) -> str:
    if run is None or run.state not in _BAD or now - run.updated_at > RECENTLY:
        return ""
    return f"the run of {run.session.name} is {run.state}: {run.state_reason or 'no reason given'}"


def _waiting(rule: AlertRule, run: Run | None, now: datetime) -> str:
    if run is None or run.state not in LIVE_RUNS:
        return ""
    begun_before = now - timedelta(minutes=rule.minutes or 0)
    wait = Wait.objects.filter(
        run=run, ended_at_s=None, cause__in=("person", "pause"), created_at__lte=begun_before
    ).first()
    return "" if wait is None else f"waits for a person: {wait.reason}"


def _metric(rule: AlertRule, run: Run | None) -> str:
    if run is None or run.state not in LIVE_RUNS:
        return ""
    measured = Exposure.objects.filter(
        hole__square__grid__session=run.session_id,
        status=ExposureStatus.ANALYSED,
        **{f"{rule.metric}__isnull": False},
    )
    last = list(
        measured.order_by("-exposed_at_s").values_list(rule.metric, flat=True)[: rule.exposures]
    )
    if len(last) < (rule.exposures or 1) or not all(
        outside(value, rule.low, rule.high) for value in last
    ):
        return ""
    unit = METRICS[rule.metric]
    values = ", ".join(f"{value:.3g}" for value in last[:3])
    words = rule.metric.rsplit("_", 1)[0].replace("_", " ")
    return (
        f"{words} of the last {len(last)} exposures lies outside its band: {values} {unit}".strip()
    )


def _behind(rule: AlertRule, microscope: Microscope, now: datetime) -> str:
    waiting = Analysis.objects.filter(
        image__grid__session__microscope=microscope,
        state__in=(AnalysisState.WANTED, AnalysisState.RUNNING),
    ).exclude(kind__in=LATER)
    oldest = waiting.aggregate(at=Min("created_at"))["at"]
    if oldest is None or now - oldest < timedelta(minutes=rule.minutes or 0):
        return ""
    return f"{waiting.count()} images wait for their analysis, the oldest {rule.minutes:g} minutes."


def _disk(rule: AlertRule) -> Condition:
    usage = shutil.disk_usage(settings.DATA_DIR)
    free_percent = 100.0 * usage.free / usage.total
    scarce = free_percent < (rule.free_percent or 0)
    text = f"{free_percent:.0f} % of the disk are free." if scarce else ""
    return _condition(rule, None, None, text)


def _ended_grids(run: Run | None, now: datetime) -> dict[str, str]:
    """By slug: grids that ended of late, in words."""
    if run is None:
        return {}
    grids = Grid.objects.filter(
        session=run.session_id,
        status__in=(GridStatus.DONE, GridStatus.FAILED),
        updated_at__gt=now - RECENTLY,
    )
    return {
        f"{run.session.name}.{grid.slug}": f"grid {grid.name} is {grid.status}" for grid in grids
    }


def _ended_session(run: Run | None, now: datetime) -> dict[str, str]:
    if run is None or run.state != RunState.DONE or now - run.updated_at > RECENTLY:
        return {}
    return {run.session.name: f"{run.session.name} is done: {run.state_reason}"}


def _ended(rule: AlertRule, microscope: Microscope, ended: dict[str, str]) -> Iterator[Condition]:
    """One alarm for each that ended; it is over when it is history."""
    key = alarm_key(rule)
    wanted = {f"{key}.{name}"[:80]: text for name, text in ended.items()}
    for each, text in wanted.items():
        yield Condition(
            key=each,
            level=Level(rule.level),
            microscope=microscope.pk,
            session=rule.session_id,
            text=f"{rule.name}: {text}",
            advice="Look at its report.",
        )
    raised = open_alarms_of(key + ".").filter(microscope=microscope)
    for alarm in raised.exclude(key__in=wanted).exclude(state=AlarmState.CLEARED):
        yield Condition(key=alarm.key, level=None, microscope=microscope.pk)
