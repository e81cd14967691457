"""What a site writes down about its microscope is read, or refused with the key's name."""

from __future__ import annotations

from typing import Any

import pytest

from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.serialem.settings import settings_from
from smartscope.microscope.values import Area
from tests.microscope.serialem.site import site


def test_a_site_that_says_what_it_must_gets_sensible_limits_for_the_rest() -> None:
    settings = settings_from(site())
    assert (settings.host, settings.port, settings.control_port) == ("127.0.0.1", 48888, None)
    assert set(settings.areas) == set(Area)
    assert settings.areas[Area.ATLAS].settings.image_shift_limit_um == 0.0
    assert settings.areas[Area.RECORD].camera_set == "R"
    assert settings.limits.image_shift_um == 15.0
    assert settings.tilt_sign == 1
    assert (settings.montages, settings.records) == ("tiles", "one_by_one")
    assert (settings.loader, settings.centre_beam_um) == ("thermo", None)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_this_computer_needs_no_word_about_its_link(host: str) -> None:
    assert settings_from(site() | {"host": host}).host == host


def test_another_computer_needs_a_sites_word_that_the_way_is_closed() -> None:
    settings = settings_from(site() | {"host": "krios.local", "link": "closed_network"})
    assert (settings.host, settings.link) == ("krios.local", "closed_network")


def test_twice_the_dose_is_twice_the_exposure() -> None:
    record = settings_from(site()).areas[Area.RECORD]
    assert record.exposure_for(record.settings.dose_e_per_a2) == record.exposure_s
    assert record.exposure_for(2 * record.settings.dose_e_per_a2) == 2 * record.exposure_s


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"cheese": 1}, "cheese"),
        ({"port": 0}, "port"),
        ({"port": "48888"}, "port"),
        ({"port": 1.5}, "port"),
        ({"host": "scope\nEcho"}, "host"),
        ({"host": "$HOME"}, "host"),
        ({"host": "192.168.0.7"}, "closed_network"),
        ({"host": "localhost.example.org"}, "127.0.0.1"),
        ({"link": "open"}, "link"),
        ({"frames_folder": "X:\\Bücherei"}, "frames_folder"),
        ({"name": 7}, "name"),
        ({"voltage_kv": float("nan")}, "voltage_kv"),
        ({"tilt_defocus_sign": 0}, "tilt_defocus_sign"),
        ({"has_autoloader": 1}, "has_autoloader"),
        ({"cannot_tell": "vacuum"}, "cannot_tell"),
        ({"cannot_tell": ["weather"]}, "weather"),
        ({"atlas_state": None}, "atlas_mag"),
        ({"atlas_mag": 135.0}, "atlas_state"),
        ({"frames_folder": None}, "frames_folder"),
        ({"frames_format": "png"}, "frames_format"),
        ({"montages": "some"}, "montages"),
        ({"records": "all"}, "records"),
        ({"loader": "hand"}, "loader"),
        ({"centre_beam_um": 0.0}, "centre_beam_um"),
        ({"areas": None}, "areas"),
        ({"areas": {}}, "areas.atlas"),
        ({"areas": {"attic": {}}}, "attic"),
        ({"apertures": {"objective": {"size": 1}}}, "apertures.objective"),
    ],
)
def test_what_cannot_be_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(BadInstrumentSettings, match=named):
        settings_from(site() | change)


@pytest.mark.parametrize(
    ("area", "key", "value"),
    [
        ("record", "pixel_size_angstrom", -1.0),
        ("record", "pixel_size_angstrom", 1e5),
        ("square", "width_px", 0),
        ("hole", "dose_e_per_a2", float("inf")),
        ("focus", "exposure_s", 0.0),
        ("atlas", "colour", "green"),
    ],
)
def test_a_wrong_calibration_is_named_with_its_area(area: str, key: str, value: object) -> None:
    settings = site()
    areas = {name: dict(each) for name, each in settings["areas"].items()}
    areas[area][key] = value
    with pytest.raises(BadInstrumentSettings, match=f"areas.{area}.{key}"):
        settings_from(settings | {"areas": areas})
