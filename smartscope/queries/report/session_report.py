"""The morning report: which grid to collect on and why, and what the night was like."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from smartscope.domain.counted import counted
from smartscope.domain.status import GRID_ENDS, AnalysisState, RunState
from smartscope.models import Analysis, Grid, Run, Session
from smartscope.queries.report.grid_report import grid_report
from smartscope.queries.report.incidents import incidents_of
from smartscope.queries.report.values import GridReport, SessionReport
from smartscope.queries.run_summary import run_summary

_OVER = (RunState.DONE, RunState.ABORTED, RunState.FAILED)


def session_report(session: Session, *, only: UUID | None = None) -> SessionReport:
    """As things stand now, and what is missing of it; `only` keeps one grid's part."""
    incidents, all_incidents = incidents_of(session.pk)
    grids = Grid.objects.filter(session=session).order_by(
        F("expected_usable_holes").desc(nulls_last=True), "position"
    )
    if only is not None:
        grids = grids.filter(pk=only)
    parts = tuple(grid_report(grid, incidents) for grid in grids)
    run = Run.objects.filter(session=session).order_by("-created_at").first()
    summary = {} if run is None else run_summary(run)
    missing = _missing(session, run, parts)
    if all_incidents > len(incidents):
        missing.append(f"{all_incidents - len(incidents)} later incidents are not listed.")
    return SessionReport(
        session=session.pk,
        name=session.name,
        date=session.date,
        group=session.group.name,
        microscope=session.microscope.name,
        detector=session.detector.name,
        voltage_kv=session.microscope.voltage_kv,
        simulated=session.simulated,
        imported=session.imported,
        notes=session.notes,
        made_at=timezone.now(),
        run_state="" if run is None else run.state,
        run_reason="" if run is None else run.state_reason,
        answer=_answer(parts),
        microscope_s=summary.get("microscope_s"),
        exposures=sum(part.exposures for part in parts),
        dose_e_per_angstrom2=summary.get("dose_e_per_angstrom2", 0.0),
        waiting_s=summary.get("waiting_s", {}),
        software_waiting_fraction=summary.get("software_waiting_fraction"),
        grids=parts,
        incidents=tuple(each for each in incidents if each.grid is None),
        missing=tuple(missing),
    )


def _answer(parts: Sequence[GridReport]) -> str:
    """One sentence: where to collect. Grids come best first."""
    wanted = [part for part in parts if part.verdict == "collect"]
    if wanted:
        best = wanted[0]
        said = f"Collect on {best.name} (slot {best.position})"
        if best.expected_usable_holes is not None:
            said += f": about {best.expected_usable_holes:,.0f} usable holes expected"
        others = ", ".join(part.name for part in wanted[1:])
        return f"{said}. Also worth collecting: {others}." if others else f"{said}."
    if all(part.verdict == "undecided" for part in parts):
        return "No grid can be judged yet."
    again = ", ".join(part.name for part in parts if part.verdict == "re-screen")
    if again:
        return f"No grid is worth a day of collection as it is. Worth another look: {again}."
    return "No grid is worth collecting on."


def _missing(session: Session, run: Run | None, parts: Sequence[GridReport]) -> list[str]:
    found = []
    if run is None and not session.imported:
        found.append("The session was never started.")
    if run is not None and run.state not in _OVER:
        found.append(f"The run is {run.state}; numbers still change.")
    waiting = [part.name for part in parts if part.status not in GRID_ENDS]
    if waiting and not session.imported:
        found.append(f"Not finished: {', '.join(waiting)}.")
    rows = Analysis.objects.filter(image__grid__session=session)
    open_rows = rows.filter(state__in=(AnalysisState.WANTED, AnalysisState.RUNNING)).count()
    if open_rows:
        found.append(f"{counted(open_rows, 'image')} still to be analysed.")
    dead = rows.filter(state=AnalysisState.DEAD).count()
    if dead:
        found.append(
            f"{counted(dead, 'image')} could not be analysed; "
            "the live page says why, and tries again."
        )
    return found
