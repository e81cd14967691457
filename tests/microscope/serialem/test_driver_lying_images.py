"""A camera whose images are none, of another kind or cut off: told as such, exposed once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smartscope.domain.errors import InstrumentError
from smartscope.domain.geometry import Point
from smartscope.microscope.base import Microscope
from smartscope.microscope.errors import ConnectionLost, ProtocolError
from smartscope.microscope.values import Area, MontagePlan
from tests.microscope.serialem.served import ServedRig, served

#: what the picture's bytes are announced as; 5 is none that SerialEM knows
LIES: list[tuple[dict[str, Any], type[InstrumentError]]] = [
    ({"kind": "no_image"}, InstrumentError),
    ({"kind": "image_type", "parameters": {"type": 5}}, ProtocolError),
    ({"kind": "image_type", "parameters": {"type": -1}}, ProtocolError),
    ({"kind": "image_type", "parameters": {"type": 2}}, InstrumentError),
    ({"kind": "image_type", "parameters": {"type": 16}}, InstrumentError),
    ({"kind": "image_cut", "parameters": {"after_bytes": 0}}, ConnectionLost),
    ({"kind": "image_cut", "parameters": {"after_bytes": 1_000}}, ConnectionLost),
    ({"kind": "not_a_number"}, InstrumentError),
    ({"kind": "replaced_values", "parameters": {"values": [-512.0] * 5}}, InstrumentError),
    ({"kind": "replaced_values", "parameters": {"values": [1e30] * 5}}, InstrumentError),
]
#: what differs from a plain reply and is still the same picture
TRUE = [
    {"kind": "padded_rows", "parameters": {"bytes": 12}},
    {"kind": "chunks", "parameters": {"count": 3}},
    {"kind": "joined"},
]
IMAGES = ("bufferImage", "ImageProperties")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ServedRig]:
    with served(tmp_path, error_scale=0, refills=False) as (ready, _):
        ready.ready()
        yield ready


def one(microscope: Microscope) -> object:
    return microscope.camera.image(Area.HOLE)


def tiled(microscope: Microscope) -> object:
    plan = MontagePlan(centre=Point(0.0, 0.0), columns=2, rows=1)
    return microscope.camera.montage(Area.HOLE, plan)


def command_of(lie: dict[str, Any]) -> str:
    picture = "image" in str(lie["kind"])
    return IMAGES[0] if picture else IMAGES[1]


@pytest.mark.parametrize("take", [one, tiled])
@pytest.mark.parametrize(
    ("lie", "kind"), LIES, ids=lambda each: str(each.get("kind")) if isinstance(each, dict) else ""
)
def test_a_picture_that_is_none_is_an_error_of_ours_and_is_taken_once(
    rig: ServedRig, take: Any, lie: dict[str, Any], kind: type[InstrumentError]
) -> None:
    rig.plan({"command": command_of(lie), "nth": 1, "count": 50, **lie})
    with pytest.raises(kind) as told:
        take(rig.microscope)
    assert str(told.value)
    assert rig.sent().count("View") == 1


@pytest.mark.parametrize("truth", TRUE, ids=lambda each: each["kind"])
def test_a_picture_in_another_wrapping_is_the_same_picture(
    rig: ServedRig, truth: dict[str, Any]
) -> None:
    plain = rig.microscope.camera.image(Area.HOLE)
    rig.plan({"command": IMAGES[0], "nth": 1, **truth})
    image = rig.microscope.camera.image(Area.HOLE)
    assert image.pixels.shape == plain.pixels.shape
    assert image.pixels.mean() == pytest.approx(plain.pixels.mean(), rel=0.05)
    assert rig.sent().count("View") == 2
