"""What people call things reaches no command and no path, even what no API would let through."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.models import Exposure, Grid, Image, Microscope, Run, Session
from tests.workers.bridge.campaigns import live_through
from tests.workers.bridge.invariants import check
from tests.workers.bridge.test_night_over_socket import house_over

pytestmark = pytest.mark.django_db(transaction=True)

#: as rows written past the API would hold them
SESSION = "night\nSetColumnOrGunValve 1; rm -rf /"
GRID = 'g1"\r\n$(reboot) ../../etc'
MICROSCOPE = "Titan'\nEcho `reboot`"
#: no file, command or argument of ours has any of these
SIGNS = ("reboot", "rm -rf", "..", "\n", "\r", "$(", "`", "valve 1")


def test_a_night_of_hostile_names_sends_none_of_them(tmp_path: Path) -> None:
    with house_over("socket", tmp_path) as house:
        Session.objects.update(name=SESSION, notes=SESSION)
        Grid.objects.update(name=GRID, sample=GRID, notes=GRID)
        Microscope.objects.update(name=MICROSCOPE)
        live_through(house, [])
        port = int(Microscope.objects.get().driver_settings["control_port"])
        with ControlClient(port) as control:
            sent = [(entry["name"], entry["arguments"]) for entry in control.log()]
        check(house, deaths=0)
    assert Run.objects.get().state == "done"
    assert Exposure.objects.count() == 2
    texts = [str(each) for _, arguments in sent for each in arguments]
    assert any("h0001" in text for text in texts), "the names of files are among them"
    keys = list(Image.objects.values_list("key", flat=True))
    for text in (*texts, *keys):
        assert not [sign for sign in SIGNS if sign in text.lower()], text
    assert all(len(key.split("/")) == 4 for key in keys)
