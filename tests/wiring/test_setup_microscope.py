"""`manage.py setup_microscope`: a microscope comes from a file, and nonsense changes nothing."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from smartscope.models import Event, Microscope
from tests.microscope.serialem.site import site

pytestmark = pytest.mark.django_db


def given(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    """A SerialEM microscope with one camera; `changes` replace top-level keys."""
    return {
        "name": "Titan 1",
        "vendor": "Thermo",
        "location": "room 2",
        "voltage_kv": 300,
        "spherical_aberration_mm": 2.7,
        "loader_slots": 12,
        "driver_kind": "serialem",
        "driver_settings": site(port=48888, frames_mount=str(tmp_path)),
        "camera": {
            "name": "K3",
            "model": "K3",
            "width_px": 5760,
            "height_px": 4092,
            "physical_pixel_um": 5.0,
        },
        **changes,
    }


def as_toml(value: Any) -> str:
    """Enough of the format: inline tables hold whatever JSON holds."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {as_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(as_toml(each) for each in value) + "]"
    return json.dumps(value)


def setup(tmp_path: Path, described: dict[str, Any]) -> str:
    file, out = tmp_path / "microscope.toml", StringIO()
    lines = [f"{json.dumps(name)} = {as_toml(value)}" for name, value in described.items()]
    file.write_text("\n".join(lines), encoding="utf-8")
    call_command("setup_microscope", str(file), stdout=out)
    return out.getvalue()


def test_a_microscope_is_known_and_its_limits_of_temperature_may_be_changed(tmp_path: Path) -> None:
    assert "manage.py doctor" in setup(tmp_path, given(tmp_path))
    made = Microscope.objects.get()
    assert (made.stage_limit_k, made.autoloader_limit_k, made.simulated) == (110.0, 110.0, False)
    setup(tmp_path, given(tmp_path, stage_limit_k=100.0, autoloader_limit_k=95))
    again = Microscope.objects.get()
    assert (again.pk, again.stage_limit_k, again.autoloader_limit_k) == (made.pk, 100.0, 95.0)
    last = Event.objects.filter(kind="settings.changed").latest("seq")
    assert last.after is not None
    assert last.after["stage_limit_k"] == 100.0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"stage_limit_k": 2000.0}, "stage_limit_k must lie between 4 and 320"),
        ({"stage_limit_k": "cold"}, "stage_limit_k is no number"),
        ({"voltage_kv": 300.5}, "voltage_kv is no whole number"),
        ({"name": "Titan\nEcho"}, "name is one printable line"),
        ({"cheese": 1}, "cheese is not known"),
        ({"driver_kind": "leginon"}, "no microscope driver 'leginon'"),
        ({"driver_settings": {"cheese": 1}}, "driver_settings"),
        ({"camera": {"name": "K3"}}, "camera.width_px is missing"),
        ({"camera": 3}, "camera is missing"),
        ({"simulated": "no"}, "simulated is no true or false"),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(
    changes: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError) as refused:
        setup(tmp_path, given(tmp_path, **changes))
    assert says in str(refused.value)
    assert not Microscope.objects.exists()


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read as TOML"):
        call_command("setup_microscope", str(tmp_path / "absent.toml"))
    (tmp_path / "bad.toml").write_text("name = ", encoding="utf-8")
    with pytest.raises(CommandError, match="cannot be read as TOML"):
        call_command("setup_microscope", str(tmp_path / "bad.toml"))
