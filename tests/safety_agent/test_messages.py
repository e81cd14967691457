"""Only what is signed, new and meant for this agent is believed."""

from __future__ import annotations

import dataclasses
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_agent.memory import Memory, Watch
from smartscope.domain.errors import SmartscopeError
from smartscope.domain.safety_messages import (
    CLOCK_SKEW_S,
    LONGEST_BYTES,
    Forged,
    Kind,
    Message,
    Refused,
    opened,
    require_fresh,
    require_key,
    sealed,
)
from tests.safety_agent.conftest import Start
from tests.safety_agent.rig import KEY

BYTES = KEY.encode()
NOW_S = 1_795_000_000.0


def message(**changes: object) -> Message:
    beat = Message(kind=Kind.BEAT, microscope="m", time_s=NOW_S, epoch=1, counter=1)
    return dataclasses.replace(beat, **changes)  # type: ignore[arg-type]


@given(st.integers(0, 2**40), st.integers(0, 2**40), st.text(max_size=60), st.sampled_from(Kind))
def test_what_is_sealed_is_opened(epoch: int, counter: int, text: str, kind: Kind) -> None:
    sent = message(epoch=epoch, counter=counter, text=text, kind=kind)
    assert opened(sealed(sent, BYTES), BYTES) == sent


@given(st.data())
def test_no_changed_bit_is_believed(data: st.DataObject) -> None:
    raw = bytearray(sealed(message(), BYTES))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Forged):
        opened(bytes(raw), BYTES)


@given(st.binary(max_size=2 * LONGEST_BYTES))
def test_any_bytes_are_refused_without_harm(raw: bytes) -> None:
    with pytest.raises(Forged):
        opened(raw, BYTES)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'"x"',
        json.dumps(dataclasses.asdict(message()) | {"epoch": -1}).encode(),
        json.dumps(dataclasses.asdict(message()) | {"epoch": True}).encode(),
        json.dumps(dataclasses.asdict(message()) | {"time_s": 1e999}).encode(),
        json.dumps(dataclasses.asdict(message()) | {"kind": "open"}).encode(),
        json.dumps(dataclasses.asdict(message()) | {"more": 1}).encode(),
    ],
)
def test_what_is_signed_but_makes_no_sense_is_refused(body: bytes) -> None:
    import hashlib
    import hmac

    raw = hmac.new(BYTES, body, hashlib.sha256).hexdigest().encode() + b" " + body
    with pytest.raises(Forged):
        opened(raw, BYTES)


def test_another_key_another_microscope_another_time_are_refused() -> None:
    with pytest.raises(Forged):
        opened(sealed(message(), b"another key" * 4), BYTES)
    for stranger in (
        message(microscope="n"),
        message(time_s=NOW_S - CLOCK_SKEW_S - 1),
        message(time_s=NOW_S + CLOCK_SKEW_S + 1),
    ):
        with pytest.raises(Refused):
            require_fresh(stranger, microscope="m", now_s=NOW_S)


def test_a_key_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(SmartscopeError, match="openssl rand"):
        require_key("short")


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_epoch_and_counter_only_grow(pairs: list[tuple[int, int]]) -> None:
    memory, last = Memory(), (0, 0)
    for epoch, counter in pairs:
        if (epoch, counter) > last:
            memory, last = (
                memory.heard(message(epoch=epoch, counter=counter), NOW_S),
                (epoch, counter),
            )
            assert memory.watch is Watch.ARMED
        else:
            with pytest.raises(Refused):
                memory.heard(message(epoch=epoch, counter=counter), NOW_S)


def test_a_nonce_is_used_once_and_forgotten_when_its_time_would_be_refused_anyway() -> None:
    stop = message(kind=Kind.STOP, nonce="n" * 16)
    memory = Memory().once(stop, NOW_S)
    with pytest.raises(Refused):
        memory.once(stop, NOW_S + CLOCK_SKEW_S)
    with pytest.raises(Refused):
        Memory().once(message(kind=Kind.STOP), NOW_S)
    later = memory.once(message(nonce="m" * 16), NOW_S + 2 * CLOCK_SKEW_S + 1)
    assert list(later.nonces) == ["m" * 16]


def test_a_recorded_beat_does_not_keep_a_dead_bridge_alive(start: Start) -> None:
    import socket

    with start() as rig:
        where = ("127.0.0.1", rig.line._address[1])
        recorded = [
            sealed(message(microscope=rig.line._microscope, time_s=time.time(), counter=n), BYTES)
            for n in (1, 2, 3)
        ]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
            for raw in recorded:
                thief.sendto(raw, where)
            rig.until(lambda: rig.agent.memory.counter == 3)
            for raw in recorded:
                thief.sendto(raw, where)
            rig.until(lambda: rig.is_(Watch.WATCHING))  # the lease is free: nobody guards


def test_what_is_not_signed_gets_no_answer(start: Start) -> None:
    import socket

    with start() as rig, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.settimeout(0.2)
        stop = message(
            kind=Kind.STOP, microscope=rig.line._microscope, nonce="n", time_s=time.time()
        )
        stranger.sendto(sealed(stop, b"guessed key" * 4), ("127.0.0.1", rig.line._address[1]))
        with pytest.raises(TimeoutError):
            stranger.recv(2_000)
        assert rig.is_(Watch.WATCHING)
