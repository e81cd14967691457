"""How the journal left the instrument: what was armed, what was loaded, and when it was written."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Max
from django.db.models.functions import Coalesce

from smartscope.domain.status import StepState
from smartscope.models import Run, Step, Wait

#: kinds of steps after whose end the journal knows what is on the stage
TELL_OF_THE_STAGE = ("load_grid", "confirm_stage")


@dataclass(frozen=True, slots=True)
class LastSign:
    """Cassette and slot as last journaled; `at_s` is when a bridge last wrote anything.

    `doubtful`: when the run was armed it was not known what is on the stage, nor has it been since.
    Steps, waits and what it noted of the instrument are all signs that somebody drove.
    """

    fingerprint: str
    loaded_slot: int | None
    at_s: float
    doubtful: bool = False


def last_sign(run: UUID) -> LastSign | None:
    """None while the run was never armed."""
    steps = Step.objects.filter(run=run)
    known = (
        steps.filter(kind__in=("arm", *TELL_OF_THE_STAGE), state=StepState.DONE)
        .order_by("number")
        .values_list("kind", "parameters")
    )
    fingerprint, slot, armed, doubtful = "", None, False, False
    for kind, parameters in known:
        if kind == "arm":
            fingerprint, slot, armed = parameters["fingerprint"], parameters["loaded_slot"], True
            doubtful = bool(parameters.get("stage_doubt"))
        else:
            slot, doubtful = parameters["slot"], False
        if kind == "confirm_stage":
            fingerprint = parameters["measured"]["fingerprint"]
    if not armed:
        return None
    latest = steps.aggregate(at_s=Max(Coalesce(F("ended_at_s"), F("began_at_s"))))["at_s"]
    waits = Wait.objects.filter(run=run).aggregate(
        at_s=Max(Coalesce(F("ended_at_s"), F("began_at_s")))
    )["at_s"]
    noted = Run.objects.values_list("microscope__clock_s", flat=True).get(pk=run)
    signs = [float(at_s) for at_s in (latest, waits, noted) if at_s is not None]
    return LastSign(fingerprint, slot, max(signs), doubtful)


def last_load(microscope: UUID) -> int | None:
    """The slot that any run last journaled as loaded; None for none, or an empty stage."""
    row = (
        Step.objects.filter(microscope=microscope, kind__in=TELL_OF_THE_STAGE, state=StepState.DONE)
        .order_by("-created_at")
        .values_list("parameters", flat=True)
        .first()
    )
    return None if row is None else row["slot"]
