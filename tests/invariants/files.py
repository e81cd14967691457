"""I6: each file is a row or an orphan on the list; each row has its file, byte for byte."""

from __future__ import annotations

from pathlib import PurePosixPath

from smartscope.models import Detector, Export, Image, StepItem
from tests.invariants.dose import item_named
from tests.invariants.evidence import Evidence
from tests.invariants.violation import Violation, Violations

ASIDE = "quarantine/"
REASON = ".reason.txt"
_BESIDE = (".json", ".mdoc")
_MOVIES = (".tif", ".mrc")


def files_and_rows(evidence: Evidence) -> Violations:
    """Both directions, and what lies in the spool."""
    rows = {image.key: image for image in Image.objects.all()}
    for key, image in rows.items():
        found = evidence.files.get(key)
        if image.removed_at is not None:
            if found is not None:
                yield Violation("I6", f"{key} was removed and is still there")
        elif found is None:
            yield Violation("I6", f"{key} has a row but no file")
        elif found.size_bytes != image.bytes:
            yield Violation("I6", f"{key} has {found.size_bytes} bytes, its row {image.bytes}")
        elif found.sha256 != image.sha256:
            yield Violation("I6", f"{key} is not what its row's checksum says")
    yield from _strangers(evidence, rows)
    yield from _spooled(evidence)


def _strangers(evidence: Evidence, rows: dict[str, Image]) -> Violations:
    beside = Image.objects.values_list("gain_key", "preview_key", "tiles_key")
    references = Detector.objects.values_list("gain_key", "defects_key")
    exports = Export.objects.values_list("key")
    named = {key for keys in (*beside, *references, *exports) for key in keys if key}
    for key in sorted(set(evidence.files) - set(rows)):
        if key.startswith(ASIDE):
            if not key.endswith(REASON) and f"{key}{REASON}" not in evidence.files:
                yield Violation("I6", f"{key} lies in quarantine without a reason")
        elif key not in named and not _belongs(key, rows) and not _derived(key, named):
            yield Violation("I6", f"{key} is neither a row's nor on the list of orphans")


def _derived(key: str, named: set[str]) -> bool:
    """Tiles and previews lie below the prefix that their image names."""
    return any(key.startswith(f"{prefix}/") for prefix in named)


def _belongs(key: str, rows: dict[str, Image]) -> bool:
    """Sidecars go with their image; a gain may be written before its first movie is registered.

    A process that was killed leaves its probe of the storage behind, which the next one replaces.
    What an open step has just written is registered, or put aside, when the step is recovered.
    """
    name = PurePosixPath(key).name
    if key.startswith("probes/") or name.startswith("gain_"):
        return True
    if any(key == f"{row}{suffix}" for row in rows for suffix in _BESIDE):
        return True
    item = item_named(name.partition(".")[0])
    if item is None:
        return False
    given_up = item.state in ("lost", "partial")
    return item.state == "issued" or (key.endswith(_BESIDE) and given_up)


def _spooled(evidence: Evidence) -> Violations:
    """The camera's own folder: every movie there is known to the journal."""
    for name in evidence.spooled:
        path = PurePosixPath(name)
        if path.suffix not in _MOVIES or path.name.startswith("gain_"):
            continue
        item = item_named(path.name)
        if item is None or not _issued(item):
            yield Violation("I6", f"the camera wrote {name}, of which the journal knows nothing")


def _issued(item: StepItem) -> bool:
    return item.state in ("issued", "done", "lost")
