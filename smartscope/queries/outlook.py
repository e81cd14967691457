"""What a microscope does and what it will do next, for people; reads only.

What comes next is what the planner would decide now from the rows and from what the bridge last
read; where the run stands still, what it would do if it went on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.core.cache import cache
from redis.exceptions import RedisError

from smartscope.domain.geometry import Point
from smartscope.domain.narration import told
from smartscope.domain.planner import next_step
from smartscope.domain.snapshot import Instrument, Wish
from smartscope.domain.status import RunState
from smartscope.models import Lease, Microscope, Run
from smartscope.queries.events import head_seq
from smartscope.queries.sessions import LIVE
from smartscope.queries.snapshot import take_snapshot
from smartscope.queries.standing import Present, Standing, present_of
from smartscope.queries.visible import Reader, visible_sessions

#: an answer is of one event; this only clears what nobody asks for any more
KEPT_S = 60
#: what stands between a standing and the next step
CONDITIONS = {
    Standing.WAITING: "when the waiting is over",
    Standing.PAUSED: "when the run is resumed",
    Standing.INTERRUPTED: "when the run is resumed",
    Standing.SILENT: "when the bridge is back",
    Standing.HELD_BACK: "when the lease is cleared",
    Standing.WORKING: "after this step",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What comes next, and on what condition; "" where nothing stands in between."""

    kind: str
    words: str
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How it stands, what comes next, and what people want of the run."""

    present: Present
    next: Next | None = None
    wish: str = ""
    wished_by: str = ""


def outlook(microscope: Microscope, reader: Reader) -> Outlook:
    """What the reader may know of it: of another group's session no more than that it runs."""
    run = _run(microscope)
    if run is not None and not visible_sessions(reader).filter(pk=run.session_id).exists():
        words = "another group's session runs here"
        return Outlook(present=Present(standing=Standing.OCCUPIED, words=words))
    present = present_of(microscope, run, Lease.objects.filter(pk=microscope.pk).first())
    if run is None:
        return Outlook(present=present)
    return Outlook(
        present=present,
        next=_what_follows(present, _next_known(microscope, run, present)),
        wish=str(run.wish),
        wished_by=run.wished_by.get_username() if run.wished_by else "",
    )


def _what_follows(present: Present, following: Next) -> Next | None:
    """Nothing is told to follow a wait while the planner can but wait: its result is not known."""
    only_waits = present.standing == Standing.WAITING and following.kind == "wait"
    return None if only_waits else following


def _run(microscope: Microscope) -> Run | None:
    """The run that occupies the microscope, else an interrupted one that nothing came after."""
    runs = Run.objects.select_related("session__detector", "wished_by")
    newest = runs.filter(microscope=microscope).order_by("-created_at").first()
    live = runs.filter(microscope=microscope, state__in=LIVE).first()
    interrupted = newest is not None and newest.state == RunState.INTERRUPTED
    return live or (newest if interrupted else None)


def _next_known(microscope: Microscope, run: Run, present: Present) -> Next:
    """Worked out once per event and shared by everybody who looks; without the cache each time."""
    key = f"outlook:{run.pk}:{head_seq()}:{present.standing}"
    try:
        known: Next | None = cache.get(key)
        if known is None:
            known = _next(microscope, run, present)
            cache.set(key, known, KEPT_S)
    except RedisError:
        return _next(microscope, run, present)
    return known


def _next(microscope: Microscope, run: Run, present: Present) -> Next:
    """The planner's answer, as if the run went on; the end when it is being stopped."""
    if run.wish == Wish.STOP or run.state == RunState.FINISHING:
        return Next(kind="finished", words="close the valves and end the run", condition="")
    snapshot = take_snapshot(
        run.pk,
        _as_last_read(microscope, run),
        now_s=microscope.clock_s or 0.0,
        simulated=microscope.simulated,
    )
    going = replace(snapshot, wish=Wish.RUN)
    said = told(next_step(going), going)
    return Next(kind=said.kind, words=said.words, condition=CONDITIONS.get(present.standing, ""))


def _as_last_read(microscope: Microscope, run: Run) -> Instrument:
    """The instrument as the bridge noted it last, with nothing in the way."""
    return Instrument(
        has_autoloader=microscope.loader_slots > 0,
        loaded_position=microscope.loaded_position,
        valves_open=bool(microscope.valves_open),
        stage=Point(microscope.stage_x_um or 0.0, microscope.stage_y_um or 0.0),
        stage_doubt=microscope.stage_doubt,
        energy_filter=run.session.detector.energy_filter,
        zero_loss_at_s=microscope.zero_loss_at_s,
    )
