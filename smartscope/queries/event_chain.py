"""Whether the event log is as it was sealed; names every row that is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from smartscope.models import Event, EventSeal

#: what a row says; when it was passed on to browsers is no part of the record
SEALED = (
    "seq",
    "kind",
    "time",
    "microscope",
    "session",
    "grid",
    "subjects",
    "count",
    "changeset",
    "actor_type",
    "actor_name",
    "actor_user",
    "token",
    "epoch",
    "before",
    "after",
    "reason",
)
#: before the first seal there is none
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Broken:
    """One place where the log is not as it was sealed; `seq` is the event, or the seal's last."""

    seq: int
    words: str


def digest_of(event: Event) -> str:
    """SHA-256 of all that the row says, in one form."""
    values = {name: getattr(event, name) for name in SEALED}
    # times to the microsecond, which Django's own encoder would cut off
    text = json.dumps(values, default=str, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def seal_of(previous: str, digests: Sequence[str]) -> str:
    """What binds a stretch of events to everything sealed before it."""
    return hashlib.sha256("\n".join([previous, *digests]).encode()).hexdigest()


def head() -> tuple[int, str]:
    """The last sealed event and the seal over everything up to it: to be kept elsewhere."""
    last = EventSeal.objects.order_by("-last_seq").values_list("last_seq", "sha256").first()
    return last or (0, GENESIS)


def broken_seals(*, kept: tuple[int, str] | None = None) -> Iterator[Broken]:
    """Every difference, in order; `kept` is a head that was written down elsewhere earlier.

    Whoever can rewrite rows could rewrite seals as well: only a kept head tells that.
    """
    previous, expected_first = GENESIS, None
    found_kept = kept is None
    for seal in EventSeal.objects.order_by("last_seq").iterator(chunk_size=100):
        if expected_first is not None and seal.first_seq != expected_first:
            yield Broken(seal.first_seq, f"a seal before event {seal.first_seq} is missing")
        expected_first = seal.last_seq + 1
        if seal.sha256 != seal_of(previous, seal.digests):
            yield Broken(seal.last_seq, f"the seal up to event {seal.last_seq} was changed")
        yield from _changed_rows(seal)
        previous = seal.sha256
        if kept is not None and seal.last_seq == kept[0]:
            found_kept = True
            if seal.sha256 != kept[1]:
                yield Broken(seal.last_seq, f"everything up to event {kept[0]} was sealed anew")
    if not found_kept and kept is not None:
        yield Broken(kept[0], f"the seal up to event {kept[0]}, which was kept, is gone")


def _changed_rows(seal: EventSeal) -> Iterable[Broken]:
    events = {
        event.seq: event
        for event in Event.objects.filter(seq__gte=seal.first_seq, seq__lte=seal.last_seq)
    }
    expected = range(seal.first_seq, seal.last_seq + 1)
    if len(seal.digests) != len(expected):
        yield Broken(seal.last_seq, f"the seal up to event {seal.last_seq} has lost digests")
        return
    for seq, digest in zip(expected, seal.digests, strict=True):
        if seq not in events:
            yield Broken(seq, f"event {seq} is missing")
        elif digest_of(events[seq]) != digest:
            yield Broken(seq, f"event {seq} was changed after it was sealed")
