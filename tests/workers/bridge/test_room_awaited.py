"""A movie that finds no room is safe at the camera: people are obeyed while it is waited for."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path

import pytest

from smartscope.domain.actor import SETUP
from smartscope.microscope.serialem import frames
from smartscope.models import Alarm, Command, Exposure, Lease, Microscope, Run, Step, StepItem, Wait
from smartscope.operations.emergency_stop import emergency_stop
from smartscope.storage.local import LocalStore
from tests.invariants.evidence import Sent
from tests.workers.bridge.rig import ProcessDeath, dies_at
from tests.workers.bridge.served_house import ServedHouse, served_house
from tests.workers.bridge.whole_process import a_person_wishes, live
from workers.bridge.fault_points import arm
from workers.bridge.room import GIB

pytestmark = pytest.mark.django_db(transaction=True)
CLOSING = ("SetColumnOrGunValve", (0.0,))
READS = ("Report", "Are", "Is", "Dewars", "Image", "Camera", "Get", "Echo", "Buf")
#: what brings the safe state, and the goodbye
MAKES_SAFE = {"SetColumnOrGunValve", "SetBeamBlank", "SetImageShift", "TiltTo", "Exit"}
#: the site's own idle minutes are given back before control is
MAKES_SAFE |= {"SetUserSetting", "SetPersistentVar"}
#: looks at a microscope that was given back before room is made
LOOKS = 5


@dataclass(slots=True)
class Disk:
    """The one movies are copied to; `refused` counts the copies for which there was no room."""

    full: bool = True
    refused: int = 0

    def fill(self, patch: pytest.MonkeyPatch) -> None:
        write = frames._write

        def wrote(source: Path, part: Path) -> tuple[str, int]:
            if self.full:
                self.refused += 1
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(source, part)

        patch.setattr(frames, "_write", wrote)
        patch.setattr(LocalStore, "free_bytes", lambda _: (900 if self.full else 901) * GIB)


def wish(what: str) -> None:
    """As a person presses the button."""
    microscope = Microscope.objects.get()
    if what == "emergency":
        emergency_stop(SETUP, microscope.pk)
        return
    a_person_wishes(what)
    session = str(Run.objects.get().session_id)
    Command.objects.create(
        microscope=microscope, type=what, state="wished", arguments={"session": session}
    )


def commands(served: ServedHouse) -> list[Sent]:
    return list(served.evidence().sent)


def nothing_but_closing_follows(sent: list[Sent]) -> None:
    """After the exposure that found no room the column is closed, read, and left."""
    names = [each.name for each in sent]
    recorded = len(names) - 1 - names[::-1].index("Record")
    after = [(each.name, each.arguments) for each in sent[recorded + 1 :]]
    changes = [each for each in after if not each[0].startswith(READS)]
    assert changes[0] == CLOSING, changes
    assert {name for name, _ in changes} <= MAKES_SAFE, changes


@pytest.mark.parametrize("what", ["stop", "emergency"])
def test_a_stop_ends_the_run_at_once_and_the_movie_is_fetched_when_there_is_room(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    disk.fill(monkeypatch)
    lengths: list[int] = []
    with served_house(tmp_path, version="4.3") as served:

        def look(microscope: Microscope) -> bool:
            run = Run.objects.get()
            if disk.refused and run.wish == "run":
                assert Wait.objects.get(ended_at_s=None).cause == "storage"
                wish(what)
            if run.state == "aborted" and microscope.state == "released" and disk.full:
                assert Step.objects.get(kind="expose").state == "unknown"
                lengths.append(len(commands(served)))
                disk.full = len(lengths) < LOOKS
            return bool(lengths) and Step.objects.get(kind="expose").state == "done"

        assert live(served.house, look).code == 0
        nothing_but_closing_follows(commands(served)[: lengths[0]])
        assert served.violations() == []
    assert len(lengths) == LOOKS
    assert len(set(lengths)) == 1, "something was sent without control"
    run = Run.objects.get()
    assert run.state == "aborted"
    assert "waits for room" in run.state_reason
    assert Command.objects.get().state == "done"
    assert Exposure.objects.get().status != "lost"
    assert not StepItem.objects.filter(state="lost").exists()
    assert Alarm.objects.get(key="adoption.no_room").state == "cleared"
    assert Lease.objects.get().holder is None


def test_a_pause_rests_with_the_valves_closed_until_a_person_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    disk.fill(monkeypatch)
    lengths: list[int] = []
    with served_house(tmp_path, version="4.3") as served:

        def look(microscope: Microscope) -> bool:
            run = Run.objects.get()
            if disk.refused and not lengths and run.wish == "run":
                wish("pause")
            if run.state == "paused" and microscope.state == "released" and run.wish == "pause":
                lengths.append(len(commands(served)))
                if len(lengths) == LOOKS:
                    disk.full = False
                    wish("run")
            return microscope.state == "released" and run.state == "done"

        assert live(served.house, look).code == 0
        nothing_but_closing_follows(commands(served)[: lengths[0]])
        assert served.violations() == []
    assert len(set(lengths)) == 1, "something was sent without control"
    assert Command.objects.get(type="pause").state == "done"
    assert Alarm.objects.get(key="adoption.no_room").state == "cleared"
    assert not StepItem.objects.filter(state="lost").exists()
    assert Exposure.objects.count() == 2


def test_when_room_is_made_the_night_goes_on_and_nobody_is_asked_who_closed_the_valves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    disk.fill(monkeypatch)
    with served_house(tmp_path, version="4.3") as served:

        def look(microscope: Microscope) -> bool:
            disk.full = disk.full and disk.refused < 3
            run = Run.objects.get()
            assert run.wish == "run", run.state_reason
            return microscope.state == "released" and run.state == "done"

        assert live(served.house, look).code == 0
        assert served.violations() == []
    assert disk.refused == 3
    assert not Alarm.objects.exclude(key="adoption.no_room").exists()
    assert Exposure.objects.count() == 2


def test_who_stops_while_a_late_movie_is_waited_for_has_the_valves_closed_at_once(
    tmp_path: Path,
) -> None:
    with served_house(tmp_path, version="4.3") as served:
        dies_at("expose:issued:h0001", 1)
        bridge = served.bridge()
        with pytest.raises(ProcessDeath):
            bridge.run_until_idle()
        arm(None)
        served.die(bridge)
        before = commands(served)
        a_person_wishes("stop")
        successor = served.bridge()
        try:
            successor.run_until_idle()
        finally:
            served.die(successor)
        sent = commands(served)[len(before) :]
        closed = next(each for each in sent if (each.name, each.arguments) == CLOSING)
        stood_open_s = closed.begun_s - before[-1].begun_s
        assert stood_open_s < 30.0, "the valves stood open until the file was due"
    assert Run.objects.get().state == "aborted"
