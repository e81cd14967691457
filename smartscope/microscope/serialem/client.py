"""A client of SerialEM's Python server: one command at a time, each sent at most once.

         connect()                    Exit, close()
    new ----------> in control ------------------------> closed
                      |      \\  a refusal, STOP, a lost or
        missed        |       \\ confused connection
        deadline      v        '------------------------> closed
                    late -- await_late_reply() ---------> closed

A closed client stays closed: it never reconnects and never sends a request twice. Sending `Record`
again exposes again, and a new connection belongs to a new epoch. After the operator's STOP not even
`Exit` is sent, because any command would take control back from the operator.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.errors import InstrumentError
from smartscope.microscope.errors import (
    BadArgument,
    CommandFailed,
    CommandRefused,
    CommandTimeout,
    ConnectionLost,
)
from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.commands import CommandSpec, command_named
from smartscope.microscope.serialem.deadlines import DEFAULTS, Deadlines
from smartscope.microscope.serialem.handshake import take_control
from smartscope.microscope.serialem.outcomes import refuse_status, values_of
from smartscope.microscope.serialem.socket_link import SocketLink, uninitialised_bytes
from smartscope.microscope.serialem.version import OLDEST, SerialEmVersion, learn_version

Values = tuple[float | str, ...]
Pixels = NDArray[np.generic]

#: They open a dialog and wait for a person, whatever NoMessageBoxOnError says.
WAIT_FOR_A_PERSON = frozenset(
    {"Pause", "OKBox", "YesNoBox", "UserSetDirectory", "EnterDefaultedNumber", "EnterString"}
)


class _State(Enum):
    NEW = "connect first"
    IN_CONTROL = "in control"
    LATE = "a command missed its deadline and may still be running"
    CLOSED = "the connection is closed"


class SerialEmClient:
    """One connection to one SerialEM; used by one thread, closed by any."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        deadlines: Deadlines = DEFAULTS,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._host, self._port = host, port
        self._deadlines = deadlines
        self._now = now
        self._sleep = sleep
        self._link: SocketLink | None = None
        self._state = _State.NEW
        self._in_flight = threading.Lock()
        self._late = ""
        self._version: SerialEmVersion | None = None

    @property
    def version(self) -> SerialEmVersion:
        """The SerialEM that answers, as far as it is known: 4.0 until `learn_version`."""
        return self._version or OLDEST

    @property
    def in_control(self) -> bool:
        """Whether a command would be sent."""
        return self._state is _State.IN_CONTROL

    def connect(self) -> None:
        """Open the connection and take control of the microscope.

        Raises ConnectionLost (nobody there), ScopeBusy (busy, held by another, or silent behind a
        dialog), OperatorStop, ProtocolError. Afterwards script state is reset: send
        `NoMessageBoxOnError(1)` first.
        """
        if self._state is not _State.NEW:
            raise ConnectionLost(
                "This connection was used before; a new one needs a new client, under a new epoch."
            )
        with self._one_request(), self._failing_closed():
            self._link = SocketLink(
                self._host, self._port, timeout_s=self._deadlines.connect_s, now=self._now
            )
            take_control(self._link, self._deadlines, now=self._now, sleep=self._sleep)
            self._state = _State.IN_CONTROL

    def learn_version(self) -> SerialEmVersion:
        """Ask which SerialEM this is; until then only the commands of 4.0 may be sent.

        Raises CommandRefused for one that cannot be driven.
        """

        def ask(name: str, *arguments: float | int | str) -> Values:
            return self._call(command_named(name), arguments, self._deadlines.quick_s)

        self._version = learn_version(ask)
        return self._version

    def call(
        self, name: str, *arguments: float | int | str, deadline_s: float | None = None
    ) -> Values:
        """Run one command and wait for its end; what it reports, perhaps nothing.

        `deadline_s` is seconds from sending to reply, by default those of `Deadlines`. Raises
        BadArgument and CommandRefused (nothing was sent), CommandFailed (SerialEM's own text),
        OperatorStop, ScopeBusy, CommandTimeout, ConnectionLost, ProtocolError.
        """
        command = command_named(name)
        if name in WAIT_FOR_A_PERSON:
            raise BadArgument(f"{name} opens a dialog at the microscope and waits; it is not sent.")
        if command.code >= self.version.commands:
            raise BadArgument(
                f"SerialEM {self.version} does not know {name}; it needs a newer version (or this "
                "client was not told the version: call learn_version first)."
            )
        return self._call(command, arguments, deadline_s)

    def image(self, buffer: str = "A", *, deadline_s: float | None = None) -> Pixels:
        """The image in a buffer (A to T, AF to HF): (height, width), row 0 on top.

        A colour image has a last axis of 3. Raises CommandFailed when the buffer is empty, and as
        `call` does.
        """
        request = wire.encode_request(wire.ImageRequest(*wire.buffer_number(buffer)))
        what = f"the image of buffer {buffer}"
        with self._conversation(what) as link:
            whole = self._ask(link, request, what)
            header = wire.decode_image_header(whole)
            if header.empty:
                raise CommandFailed(
                    f"There is no image in buffer {buffer}; acquire one first.", text="no image"
                )
            seconds = self._deadlines.of_pixels(header.total_bytes)
            rows = self._receive_rows(link, header, seconds if deadline_s is None else deadline_s)
            return wire.pixels_of(header, rows)

    def put_image(self, pixels: Pixels, buffer: str, *, base: str = "A") -> None:
        """Copy an image into a buffer; what else a buffer knows is taken from `base`.

        SerialEM confirms nothing, so its size is asked for afterwards. Raises BadArgument,
        CommandFailed, and as `call` does.
        """
        header, target = wire.header_of(pixels), wire.buffer_number(buffer)
        source = wire.buffer_number(base)
        if target[1] or source[1]:
            raise BadArgument("Images are put into the buffers A to T only, and based on them.")
        request = wire.PutImageRequest(
            pixel_type=header.pixel_type,
            width=header.width,
            height=header.height,
            total_bytes=header.total_bytes,
            buffer=target[0],
            base=source[0],
            chunks=-(-header.total_bytes // wire.PUT_CHUNK_BYTES),
        )
        what = f"an image for buffer {buffer}"
        with self._conversation(what) as link:
            wire.decode_put_image_reply(self._ask(link, wire.encode_request(request), what))
            until_s = self._now() + self._deadlines.of_pixels(header.total_bytes)
            link.send(wire.rows_of(pixels), until_s=until_s)
        arrived = self.call("ImageProperties", buffer)[:2]
        if arrived != (header.width, header.height):
            raise CommandFailed(
                f"SerialEM did not take the image: buffer {buffer} is {arrived} pixels instead of "
                f"{(header.width, header.height)}."
            )

    def await_late_reply(self, timeout_s: float) -> Values | None:
        """After CommandTimeout: go on listening; what the command reported, None while silent.

        The reply proves how the command ended, so this raises what `call` would have raised. In
        any case but None the connection is closed then.
        """
        if self._state is not _State.LATE or self._link is None:
            raise ConnectionLost(f"No late reply can come: {self._state.value}.")
        with self._one_request():
            try:
                whole = self._link.receive_frame(until_s=self._now() + timeout_s)
            except CommandTimeout:
                return None
            except InstrumentError:
                self._shut()
                raise
            self._shut()
        refuse_status(wire.reply_status(whole), self._late)
        return values_of(self._late, wire.decode_command_reply(whole))

    def close(self) -> None:
        """Give control back where it is ours (`Exit(1)`), and close; a second time does nothing."""
        if self._state is _State.IN_CONTROL:
            with suppress(InstrumentError):
                self.call("Exit", 1)
        self.abandon()

    def abandon(self) -> None:
        """Close at once, from any thread, without a word to SerialEM."""
        self._shut()

    def _call(
        self,
        command: CommandSpec,
        arguments: tuple[float | int | str, ...],
        deadline_s: float | None,
    ) -> Values:
        items = wire.items_of(command, arguments)
        request = wire.encode_request(wire.CommandRequest(command.code, items))
        if deadline_s is None:
            deadline_s = self._deadlines.of(command.name, arguments)
        with self._conversation(command.name) as link:
            link.send(request, until_s=self._now() + self._deadlines.quick_s)
            try:
                whole = link.receive_frame(until_s=self._now() + deadline_s)
            except CommandTimeout as error:
                self._state, self._late = _State.LATE, command.name
                raise CommandTimeout(
                    f"{command.name} has not ended within {deadline_s:g} s; it may still be "
                    "running, or a dialog is open at the microscope. Nothing more is sent; wait "
                    "for its late reply."
                ) from error
            refuse_status(wire.reply_status(whole), command.name)
            reply = wire.decode_command_reply(whole)
            if reply.outcome in (wire.Outcome.EXITED, wire.Outcome.EXITED_QUIETLY):
                self._shut()
            return values_of(command.name, reply)

    def _ask(self, link: SocketLink, request: bytes, what: str) -> bytes:
        """Send what SerialEM answers at once; its reply's whole frame."""
        link.send(request, until_s=self._now() + self._deadlines.quick_s)
        whole = link.receive_frame(until_s=self._now() + self._deadlines.quick_s)
        refuse_status(wire.reply_status(whole), what)
        return whole

    def _receive_rows(
        self, link: SocketLink, header: wire.ImageHeader, seconds: float
    ) -> memoryview:
        rows = uninitialised_bytes(header.total_bytes)
        until_s = self._now() + seconds
        handshake = wire.encode_request(wire.ChunkHandshake())
        begun = 0
        for length in header.chunk_lengths():
            if begun:
                link.send(handshake, until_s=until_s)
            target = rows[begun : begun + length]
            link.receive_into(target, until_s=until_s, stall_s=self._deadlines.stall_s)
            begun += length
        return rows

    @contextmanager
    def _conversation(self, what: str) -> Iterator[SocketLink]:
        """A connection in control and in step, for one request and its reply."""
        with self._one_request():
            if self._state is not _State.IN_CONTROL or self._link is None:
                raise ConnectionLost(f"{what} was not sent: {self._state.value}. Connect anew.")
            with self._failing_closed():
                self._link.require_silence()
                yield self._link

    @contextmanager
    def _one_request(self) -> Iterator[None]:
        """Refuse, instead of queueing, what another thread asks meanwhile."""
        if not self._in_flight.acquire(blocking=False):
            raise CommandRefused(
                "Another thread of this process is waiting for a reply on this connection; nothing "
                "was sent."
            )
        try:
            yield
        finally:
            self._in_flight.release()

    @contextmanager
    def _failing_closed(self) -> Iterator[None]:
        """Only what SerialEM said in order leaves a connection that can be trusted."""
        try:
            yield
        except CommandFailed:
            raise
        except BaseException:
            if self._state is not _State.LATE:
                self._shut()
            raise

    def _shut(self) -> None:
        self._state = _State.CLOSED
        if self._link is not None:
            self._link.close()
