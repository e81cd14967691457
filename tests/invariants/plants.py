"""Violations to plant: each breaks one promise, in evidence or rows of a sound session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from smartscope.models import (
    Command,
    Event,
    Exposure,
    Image,
    Lease,
    Run,
    Session,
    Step,
    StepItem,
)
from tests.invariants.acknowledged import acknowledged_now
from tests.invariants.evidence import Evidence, File

Plant = Callable[[Evidence], Evidence]
#: invariant, what is planted, and how
PLANTS: list[tuple[str, str, Plant]] = []


def planted(invariant: str, what: str) -> Callable[[Plant], Plant]:
    """Enter a violation into the list."""

    def enter(plant: Plant) -> Plant:
        PLANTS.append((invariant, what, plant))
        return plant

    return enter


def _command(evidence: Evidence, name: str) -> int:
    return next(n for n, sent in enumerate(evidence.sent) if sent.name == name)


def _append_again(evidence: Evidence, name: str, **changes: object) -> Evidence:
    """The command once more, at the log's end."""
    sent = evidence.sent[_command(evidence, name)]
    again = replace(sent, number=len(evidence.sent) + 1, **changes)  # type: ignore[arg-type]
    return evidence.with_sent(again)


def _column(evidence: Evidence, **changes: object) -> Evidence:
    """The last exposure happened in another column."""
    *before, last = evidence.shots
    return replace(evidence, shots=(*before, replace(last, column={**last.column, **changes})))


@planted("I1", "a command of an older epoch at the end")
def _stale(evidence: Evidence) -> Evidence:
    later = _append_again(evidence, "ReportStageXYZ", epoch=2)
    return _append_again(later, "MoveStageTo", epoch=1)


@planted("I1", "a command of the right order behind the fence of a successor")
def _behind_the_fence(evidence: Evidence) -> Evidence:
    return replace(evidence, fences=((evidence.sent[-10].number, 2),))


@planted("I1", "a command of nobody")
def _anonymous(evidence: Evidence) -> Evidence:
    return _append_again(evidence, "MoveStageTo", epoch=None, connection=99)


@planted("I2", "a second open step")
def _two_open(evidence: Evidence) -> Evidence:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_open_step_per_microscope")
    for number in (1, 2):
        Step.objects.filter(number=number).update(state="issued")
    return evidence


@planted("I2", "an item left open under a closed step")
def _open_item(evidence: Evidence) -> Evidence:
    StepItem.objects.filter(name="view").update(state="issued")
    return evidence


@planted("I3", "an exposure with the valves closed")
def _valves_closed(evidence: Evidence) -> Evidence:
    return _column(evidence, valves_open=False)


@planted("I3", "an exposure with the screen down")
def _screen_down(evidence: Evidence) -> Evidence:
    return _column(evidence, screen_down=True)


@planted("I3", "an exposure while the dewars fill")
def _filling(evidence: Evidence) -> Evidence:
    at_s = evidence.shots[-1].start_s
    return _column(evidence, refill_from_s=at_s - 5.0, refill_until_s=at_s + 5.0)


@planted("I3", "an exposure while the stage moves")
def _moving(evidence: Evidence) -> Evidence:
    *before, last = evidence.shots
    moving = {**last.stage, "moved_at_s": last.start_s + 1.0}
    return replace(evidence, shots=(*before, replace(last, stage=moving)))


@planted("I3", "an exposure under a tripped suspender")
def _suspended(evidence: Evidence) -> Evidence:
    issued = Event.objects.filter(kind="step.issued").latest("seq")
    Event.objects.filter(seq=issued.seq - 1).update(
        kind="suspender.tripped", after={"signal": "vacuum"}, subjects=[]
    )
    return evidence


@planted("I4", "a grid loaded again in the same step")
def _loaded_again(evidence: Evidence) -> Evidence:
    return _append_again(evidence, "LoadCartridge")


@planted("I4", "valves opened outside their step")
def _opened_elsewhere(evidence: Evidence) -> Evidence:
    late = evidence.sent[-1].begun_s
    return _append_again(evidence, "SetColumnOrGunValve", arguments=(1,), begun_s=late)


@planted("I5", "a second exposure at the place of another")
def _second_dose(evidence: Evidence) -> Evidence:
    last = evidence.shots[-1]
    return evidence.with_shot(replace(last, serial=last.serial + 1, item="00099_h0009_e1"))


@planted("I5", "a second exposure of a hole under another name")
def _second_name(evidence: Evidence) -> Evidence:
    last = evidence.shots[-1]
    return evidence.with_shot(replace(last, serial=last.serial + 1, specimen_x_um=0.0))


@planted("I5", "more dose than planned")
def _too_much(evidence: Evidence) -> Evidence:
    *before, last = evidence.shots
    doubled = replace(last, dose_e_per_a2=2.0 * last.dose_e_per_a2)
    return replace(evidence, shots=(*before, doubled))


@planted("I5", "an exposure whose item says that nothing was sent")
def _abandoned(evidence: Evidence) -> Evidence:
    StepItem.objects.filter(name="h0002").update(state="abandoned")
    return evidence


@planted("I5", "a lost exposure that is not flagged")
def _unflagged(evidence: Evidence) -> Evidence:
    StepItem.objects.filter(name="h0002").update(state="lost")
    return evidence


@planted("I6", "a row without its file")
def _no_file(evidence: Evidence) -> Evidence:
    key = Image.objects.filter(kind="movie").latest("taken_at_s").key
    return replace(evidence, files={k: v for k, v in evidence.files.items() if k != key})


def _other_file(evidence: Evidence, change: Callable[[File], File]) -> Evidence:
    key = Image.objects.filter(kind="movie").latest("taken_at_s").key
    return replace(evidence, files={**evidence.files, key: change(evidence.files[key])})


@planted("I6", "a file of another size")
def _other_size(evidence: Evidence) -> Evidence:
    return _other_file(evidence, lambda file: replace(file, size_bytes=file.size_bytes - 1))


@planted("I6", "a file with a flipped bit")
def _flipped(evidence: Evidence) -> Evidence:
    return _other_file(evidence, lambda file: replace(file, sha256="0" * 64))


@planted("I6", "a file that nobody knows")
def _stranger(evidence: Evidence) -> Evidence:
    key = "night/g01/movie/00077_h0007_e1.tif"
    return replace(evidence, files={**evidence.files, key: File(1, "")})


@planted("I6", "a file in quarantine without a reason")
def _unreasoned(evidence: Evidence) -> Evidence:
    return replace(evidence, files={**evidence.files, "quarantine/a.tif": File(1, "")})


@planted("I6", "a movie at the camera that no journal issued")
def _camera_alone(evidence: Evidence) -> Evidence:
    spooled = {**evidence.spooled, "00077_h0007_e1_00001.tif": File(1, "")}
    return replace(evidence, spooled=spooled)


@planted("I7", "a running run whose lease ran out two minutes ago")
def _undriven(evidence: Evidence) -> Evidence:
    long_ago = timezone.now() - timedelta(minutes=2)
    Run.objects.update(state="running", updated_at=long_ago)
    Lease.objects.update(expires_at=long_ago)
    return evidence


@planted("I7", "a running run whose lease is free")
def _free(evidence: Evidence) -> Evidence:
    Run.objects.update(state="running", updated_at=timezone.now() - timedelta(minutes=2))
    Lease.objects.update(holder=None, expires_at=None, state="free")
    return evidence


@planted("I8", "an event missing in the middle")
def _gap(evidence: Evidence) -> Evidence:
    Event.objects.filter(kind="step.issued").earliest("seq").delete()
    return evidence


@planted("I8", "a step that was closed without an event")
def _silent_end(evidence: Evidence) -> Evidence:
    Event.objects.filter(kind="step.done").update(kind="step.noted")
    return evidence


@planted("I8", "an image without its event")
def _silent_image(evidence: Evidence) -> Evidence:
    Event.objects.filter(kind="exposure.taken").update(after={})
    return evidence


@planted("I8", "an exposure that became invalid in silence")
def _silent_invalid(evidence: Evidence) -> Evidence:
    Exposure.objects.update(status="invalid")
    return evidence


@planted("I8", "a run whose row is ahead of its events")
def _silent_run(evidence: Evidence) -> Evidence:
    Event.objects.filter(kind="run.finishing").update(before={"state": "suspended"})
    return evidence


@planted("I9", "a confirmed event gone")
def _event_gone(evidence: Evidence) -> Evidence:
    acknowledged = (acknowledged_now(),)
    Event.objects.latest("seq").delete()
    return replace(evidence, acknowledged=acknowledged)


@planted("I9", "a confirmed image gone")
def _image_gone(evidence: Evidence) -> Evidence:
    acknowledged = (acknowledged_now(),)
    Image.objects.filter(kind="movie").update(sha256="1" * 64)
    return replace(evidence, acknowledged=acknowledged)


@planted("I10", "a closed step opened again by SQL")
def _reopened(evidence: Evidence) -> Evidence:
    Step.objects.filter(kind="expose").update(state="issued")
    return evidence


@planted("I10", "a step that went on after its end")
def _went_on(evidence: Evidence) -> Evidence:
    done = Event.objects.filter(kind="step.done").earliest("seq")
    Event.objects.create(
        seq=Event.objects.latest("seq").seq + 1,
        kind="step.issued",
        time=timezone.now(),
        subjects=done.subjects,
        actor_type="bridge",
        actor_name="bridge",
    )
    return evidence


@planted("I10", "an ended run that runs again")
def _restarted(evidence: Evidence) -> Evidence:
    Run.objects.update(state="running")
    return evidence


@planted("I11", "valves opened after the service stopped for a person")
def _unasked(evidence: Evidence) -> Evidence:
    opened = Step.objects.get(kind="open_valves")
    begun = Event.objects.get(kind="step.begun", subjects__contains=[str(opened.pk)])
    Event.objects.filter(seq=begun.seq - 1).update(
        kind="run.changed", after={"wish": "pause"}, actor_type="bridge", subjects=[]
    )
    return evidence


@planted("I12", "an exposure after a valve report that was no number")
def _believed(evidence: Evidence) -> Evidence:
    at = _command(evidence, "Record")
    reports = [
        n for n, sent in enumerate(evidence.sent[:at]) if sent.name == "ReportColumnOrGunValve"
    ]
    sent = list(evidence.sent)
    sent[reports[-1]] = replace(sent[reports[-1]], faults=("not_a_number",))
    return replace(evidence, sent=tuple(sent))


@planted("I13", "a start by somebody without a grant")
def _ungranted(evidence: Evidence) -> Evidence:
    stranger = User.objects.create(username="stranger")
    Command.objects.create(
        microscope=Run.objects.get().microscope, type="start", state="done", wished_by=stranger
    )
    return evidence


@planted("I14", "a session that does not say it is simulated")
def _undeclared(evidence: Evidence) -> Evidence:
    Session.objects.update(simulated=False)
    return evidence


@planted("I14", "an armed run that hides it")
def _hidden(evidence: Evidence) -> Evidence:
    Step.objects.filter(kind="arm").update(parameters={"simulated": False})
    return evidence
