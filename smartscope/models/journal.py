"""The run, its steps and their items: committed before the beam, never reopened after."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.domain.routines import Routine
from smartscope.domain.status import OPEN_STEPS, ItemState, RunState, StepState
from smartscope.models.base import Row, choices, one_of
from smartscope.models.microscope import Microscope
from smartscope.models.session import Session


class Wish(models.TextChoices):
    """What people want of a run; the bridge obeys it at its next decision."""

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"


class Run(Row):
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="runs")
    microscope = models.ForeignKey(Microscope, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=12, choices=choices(RunState), default="queued")
    state_reason = models.CharField(max_length=300, blank=True)
    wish = models.CharField(max_length=6, choices=Wish.choices, default=Wish.RUN)
    wished_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    #: errors in a row, for escalation
    failures_in_a_row = models.PositiveIntegerField(default=0)
    started_at_s = models.FloatField(null=True)
    ended_at_s = models.FloatField(null=True)

    class Meta:
        constraints = (
            one_of("state", RunState, "run_state"),
            models.UniqueConstraint(
                fields=["microscope"],
                condition=models.Q(
                    state__in=["queued", "arming", "running", "suspended", "paused", "finishing"]
                ),
                name="one_live_run_per_microscope",
            ),
        )


class Step(Row):
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="steps")
    microscope = models.ForeignKey(Microscope, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    #: stable name of what is to be done, with the attempt: "expose/<group>/1"
    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=30)
    subject = models.UUIDField(null=True)
    grid = models.ForeignKey("smartscope.Grid", null=True, on_delete=models.PROTECT)
    epoch = models.PositiveBigIntegerField()
    state = models.CharField(max_length=10, choices=choices(StepState), default="intent")
    reason = models.CharField(max_length=300, blank=True)
    parameters = models.JSONField(default=dict)
    began_at_s = models.FloatField()
    issued_at_s = models.FloatField(null=True)
    ended_at_s = models.FloatField(null=True)

    class Meta:
        constraints = (
            one_of("state", StepState, "step_state"),
            models.UniqueConstraint(
                fields=["microscope"],
                condition=models.Q(state__in=sorted(OPEN_STEPS)),
                name="one_open_step_per_microscope",
            ),
            models.UniqueConstraint(fields=["run", "key"], name="step_key"),
            models.UniqueConstraint(fields=["run", "number"], name="step_number"),
        )


class StepItem(Row):
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="items")
    #: file-name part: "atlas", "square", "view", "h0142"
    name = models.CharField(max_length=30)
    hole = models.ForeignKey("smartscope.Hole", null=True, on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=choices(ItemState), default="planned")
    issued_at_s = models.FloatField(null=True)
    dose_e_per_angstrom2 = models.FloatField(default=0.0)

    class Meta:
        constraints = (
            one_of("state", ItemState, "step_item_state"),
            models.UniqueConstraint(fields=["step", "name"], name="step_item_name"),
            # dose is spent once: the second issue of a hole is refused by the database itself
            models.UniqueConstraint(
                fields=["hole"],
                condition=models.Q(state__in=["issued", "done", "lost"]),
                name="hole_issued_once",
            ),
        )


class RoutineDose(Row):
    """Beam that a routine of the instrument sends and of which no file comes: journaled before it.

    `images` are the most it may take until the routine has said how many it took; a dose without
    `ended_at_s` was announced, and whether it came is not known.
    """

    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="routine_doses")
    routine = models.CharField(max_length=12, choices=choices(Routine))
    area = models.CharField(max_length=10)
    images = models.PositiveIntegerField()
    dose_e_per_angstrom2 = models.FloatField()
    #: how far from the stage's place the beam lands; 0 is on it, null where a site does not say
    beside_um = models.FloatField(null=True, default=0.0)
    stage_x_um = models.FloatField()
    stage_y_um = models.FloatField()
    issued_at_s = models.FloatField()
    ended_at_s = models.FloatField(null=True)

    class Meta:
        constraints = (one_of("routine", Routine, "routine_dose_routine"),)


class Wait(Row):
    """Time in which nothing was done, with its cause: what the software costs the microscope."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="waits")
    cause = models.CharField(max_length=12)
    reason = models.CharField(max_length=300)
    began_at_s = models.FloatField()
    ended_at_s = models.FloatField(null=True)
