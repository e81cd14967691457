"""The demo's rows: a started session whose microscope is reached over SerialEM's socket."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from smartscope.models import Grid, Microscope, Run, Session

pytestmark = pytest.mark.django_db


def demo_session(frames: Path, *options: str) -> None:
    call_command("demo_session", "--grids", "2", "--frames", str(frames), *options)


def test_a_session_of_grids_in_their_slots_is_started_once(tmp_path: Path) -> None:
    demo_session(tmp_path / "frames", "--host", "simulator", "--link", "closed_network")
    demo_session(tmp_path / "frames", "--host", "127.0.0.2", "--port", "50000")
    assert Session.objects.count() == Run.objects.count() == 1
    assert list(Grid.objects.order_by("position").values_list("position", "name")) == [
        (1, "good-1"),
        (2, "thick-2"),
    ]
    microscope = Microscope.objects.get()
    assert (microscope.driver_kind, microscope.simulated) == ("serialem", True)
    assert microscope.driver_settings["host"] == "127.0.0.2", "it may listen somewhere else now"
    assert microscope.driver_settings["frames_mount"] == str(tmp_path / "frames")
    assert (tmp_path / "frames").is_dir()


def test_a_night_of_an_older_version_is_not_gone_on_with(tmp_path: Path) -> None:
    demo_session(tmp_path / "frames")
    Microscope.objects.update(driver_kind="simulator")
    with pytest.raises(CommandError, match=r"begun by an older version.*--fresh"):
        demo_session(tmp_path / "frames")
