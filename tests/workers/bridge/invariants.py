"""What must hold after every fault: rows, disk and the instrument's own memory side by side."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

from smartscope.domain.status import OPEN_STEPS
from smartscope.models import Event, Hole, Image, Step, StepItem
from tests.workers.bridge.rig import Facility


def world_lines(house: Facility) -> list[dict[str, Any]]:
    """Everything the simulated world remembers."""
    text = (house.directory / "world" / "world.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def check(house: Facility, *, deaths: int) -> None:
    """Invariants I1, I2, I4, I5, I6, I8 and I10, and no more losses than deaths."""
    epochs_never_go_down(house)
    nothing_is_left_open()
    no_hole_is_exposed_twice(house)
    loads_are_sent_once_per_step(house)
    every_file_is_a_row_or_in_quarantine(house)
    events_are_gapless()
    lost = StepItem.objects.filter(state="lost").count()
    assert lost <= deaths, f"{lost} items lost in {deaths} deaths"


def epochs_never_go_down(house: Facility) -> None:
    epochs = [line["epoch"] for line in world_lines(house) if line["k"] == "command"]
    assert epochs == sorted(epochs, key=int)


def nothing_is_left_open() -> None:
    assert not Step.objects.filter(state__in=sorted(OPEN_STEPS)).exists()
    assert not StepItem.objects.filter(state__in=("planned", "issued")).exists()
    assert not Hole.objects.filter(status="imaging").exists()


def no_hole_is_exposed_twice(house: Facility) -> None:
    """By the instrument's exposure log, whatever the rows say."""
    stems = [
        str(line["item"]) for line in world_lines(house) if line["k"] == "exposure" and line["item"]
    ]
    shots: Counter[UUID | None] = Counter()
    for stem in stems:
        number, item, _ = stem.split("_")
        row = StepItem.objects.get(step__number=int(number), name=item)
        shots[row.hole_id] += 1
        assert row.state in ("done", "lost"), f"{stem} was exposed but its item is {row.state}"
        if row.state == "lost":
            assert row.hole is not None
            assert row.hole.dose_uncertain
    assert all(count == 1 for count in shots.values()), shots


def loads_are_sent_once_per_step(house: Facility) -> None:
    sent = [line for line in world_lines(house) if line.get("name") == "load"]
    assert len(sent) <= Step.objects.filter(kind="load_grid").count()


def every_file_is_a_row_or_in_quarantine(house: Facility) -> None:
    root = house.directory / "files"
    keys = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    rows = {image.key: image for image in Image.objects.all()}
    for key, image in rows.items():
        assert key in keys, f"{key} has a row but no file"
        assert house.store.size(key) == image.bytes
        assert house.store.sha256(key) == image.sha256
    beside = Image.objects.values_list("gain_key", "preview_key", "tiles_key")
    named = set(rows) | {key for three in beside for key in three}
    strangers = {key for key in keys - named if not _belongs(key, rows)}
    assert not strangers, f"neither rows nor orphans: {sorted(strangers)}"


def _belongs(key: str, rows: dict[str, Image]) -> bool:
    """Sidecars go with their image; a gain may be written before its first movie is registered.

    A process that was killed leaves its probe of the storage behind, which the next one replaces.
    """
    if key.startswith(("quarantine/", "probes/")) or Path(key).name.startswith("gain_"):
        return True
    return any(key == f"{row}{suffix}" for row in rows for suffix in (".json", ".mdoc")) or (
        key.endswith((".json", ".mdoc")) and _of_a_lost_item(key)
    )


def _of_a_lost_item(key: str) -> bool:
    number, item, _ = Path(key).name.split(".")[0].split("_")
    return StepItem.objects.filter(step__number=int(number), name=item, state="lost").exists()


def events_are_gapless() -> None:
    numbers = list(Event.objects.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
