"""The simulated microscope behind SerialEM's socket: any client of SerialEM may drive it.

One client, the newest wins; commands are served one after another by one thread, so a newcomer
waits unanswered while a command runs, and a command whose client has gone is finished. Loopback
unless another address is named; physics, clock and ledger are those of the simulator in process.
"""

from __future__ import annotations

import select
import socket
import threading
from contextlib import ExitStack
from typing import Self

import numpy as np

from smartscope.microscope.errors import ProtocolError
from smartscope.microscope.serialem.wire import (
    IMAGE_BUFFERS,
    BadFrame,
    CommandReply,
    CommandRequest,
    ImageHeader,
    ImageRequest,
    OkToRunRequest,
    PutImageRequest,
    Status,
    decode_request,
    encode_ok_to_run_reply,
    encode_status,
    pixels_of,
)
from smartscope.microscope.simulator.control import ControlPort
from smartscope.microscope.simulator.delivery import (
    SEND_TIMEOUT_S,
    Delivered,
    Line,
    cut_off,
    deliver,
    encoded,
)
from smartscope.microscope.simulator.external_control import GET_IMAGE, PUT_IMAGE
from smartscope.microscope.simulator.fault_kinds import FaultKind, Phase
from smartscope.microscope.simulator.faults import Fault
from smartscope.microscope.simulator.handled import Handled
from smartscope.microscope.simulator.image_delivery import (
    pixels_asked_for,
    receive_pixels,
    send_image,
)
from smartscope.microscope.simulator.receiving import LOOPBACK, interrupt, listen, receive_frame
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.unplaced import unplaced
from smartscope.microscope.simulator.server_settings import Settings, open_instrument
from smartscope.microscope.simulator.witness import Witness


class SimulatorServer:
    """Serves in threads of this process from `start` (or `with`) to `close`."""

    def __init__(
        self,
        settings: Settings,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        control_port: int = 0,
        witness: Witness | None = None,
    ) -> None:
        """`settings` as in `server_settings`; port 0 is a free one.

        Nobody is asked who they are: another `host` is for containers with their own network.
        """
        self._closing = threading.Event()
        self._instrument = open_instrument(settings, self._closing, witness)
        self._control = self._instrument.control
        self._control.effect_begins = self._cut_while_it_runs
        self._client: socket.socket | None = None
        self._failure: BaseException | None = None
        self._host = host
        with ExitStack() as undo:
            undo.callback(self._instrument.scope.world.close)
            self._listener = undo.enter_context(listen(host, port))
            self._control_port = ControlPort(self._instrument, (host, control_port), self._closing)
            undo.pop_all()
        self.port: int = self._listener.getsockname()[1]
        self.control_port: int = self._control_port.port
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="simulated SerialEM")

    def start(self) -> Self:
        """Begin to serve."""
        self._thread.start()
        self._control_port.start()
        return self

    def close(self) -> None:
        """End: a running command is finished, the world is left as it is, every thread has ended.

        Raises what ended the server before, if something did.
        """
        self._closing.set()
        self._wake.send(b"x")
        client = self._client
        if client is not None:
            interrupt(client)
        if self._thread.ident is not None:
            self._thread.join()
        self._control_port.close()
        self._hang_up()
        for each in (self._listener, self._wake, self._woken):
            each.close()
        self._control.program.slow_files.finish()
        self._instrument.scope.world.close()
        if self._failure is not None:
            raise self._failure

    @property
    def alive(self) -> bool:
        """Whether it still serves; when not, `close` says why."""
        return self._thread.is_alive()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.close()

    # --- one client at a time -----------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._turn()
        except BaseException as error:  # noqa: BLE001 - raised again by `close`
            self._failure = error
            self._hang_up()
            self._listener.close()

    def _turn(self) -> None:
        """Wait for a newcomer or a request; a newcomer comes first and replaces the client."""
        watched = [self._listener, self._woken] + ([self._client] if self._client else [])
        ready, _, _ = select.select(watched, [], [])
        if self._closing.is_set():
            return
        if self._listener in ready:
            newcomer, _ = self._listener.accept()
            self._hang_up()
            newcomer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client = newcomer
            self._control.connected()
        elif self._client in ready and self._client is not None:
            self._serve(Line(self._client, self._closing))

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
            self._control.disconnected()

    def _serve(self, line: Line) -> None:
        """Read one request, let it happen, answer it."""
        try:
            whole = receive_frame(line)
            if whole is None:
                self._hang_up()
                return
            request = decode_request(whole)
        except BadFrame as bad:
            line.send(encode_status(bad.status))
            return
        line.sock.settimeout(SEND_TIMEOUT_S)
        match request:
            case OkToRunRequest():
                handled = self._control.ask_to_run()
                self._answer(line, handled, encode_ok_to_run_reply(int(handled.granted)))
            case CommandRequest():
                handled = self._control.command(request)
                self._answer(line, handled, encoded(handled.reply, handled.struck))
            case ImageRequest():
                self._send_buffer(line, request)
            case PutImageRequest():
                self._receive_buffer(line, request)
            case _:
                line.send(encode_status(Status.UNKNOWN_FUNCTION))

    def _answer(self, line: Line, handled: Handled, answer: bytes) -> None:
        """Send a reply, unless a dialog, a dying SerialEM or a broken line stands before it."""
        if not self._may_answer(line, handled):
            return
        if handled.refused:
            answer = encode_status(handled.status)
        self._note(handled, deliver(line, answer, handled.struck))

    def _may_answer(self, line: Line, handled: Handled) -> bool:
        for fault in handled.struck:
            if fault.kind is FaultKind.RESTART:
                self._restart(fault)
                self._note(handled, Delivered.CLOSED)
                return False
            if fault.kind is FaultKind.CONNECTION_LOST:
                self._note(handled, cut_off(line, fault))
                if fault.parameters.get("how") != "half_close":
                    self._hang_up()
                return False
        if self._control.hangs(handled):
            self._control.await_release(self._closing)
        return not self._closing.is_set()

    def _note(self, handled: Handled, delivered: Delivered) -> None:
        if handled.number:
            self._control.log.note(handled.number, answer=delivered.value)
        if delivered is Delivered.CLOSED:
            self._hang_up()

    def _cut_while_it_runs(self, struck: tuple[Fault, ...]) -> None:
        """A connection that ends while its command runs: the command goes on."""
        for fault in struck:
            during = fault.kind is FaultKind.CONNECTION_LOST and fault.phase is Phase.DURING
            if during and self._client is not None:
                cut_off(Line(self._client, self._closing), fault)

    def _restart(self, fault: Fault) -> None:
        """SerialEM ends and is started again; meanwhile connections are refused."""
        self._listener.close()
        self._hang_up()
        self._control.restart()
        self._closing.wait(fault.number("for_s", 0.2))
        self._listener = listen(self._host, self.port)

    # --- images -------------------------------------------------------------------------------

    def _send_buffer(self, line: Line, request: ImageRequest) -> None:
        letter = IMAGE_BUFFERS[request.buffer : request.buffer + 1] or str(request.buffer)
        handled = self._control.handle(GET_IMAGE, Arguments(GET_IMAGE, (letter,)), CommandReply)
        if handled.refused:
            self._answer(line, handled, b"")
        elif self._may_answer(line, handled):
            pixels = pixels_asked_for(self._control.program, request)
            pause_s = self._instrument.header_pause_s
            delivered = send_image(line, pixels, handled.struck, header_pause_s=pause_s)
            self._note(handled, delivered)

    def _receive_buffer(self, line: Line, request: PutImageRequest) -> None:
        """The pixels come once the status is sent; nothing confirms that they arrived."""
        put = _put_into(request)
        handled = self._control.handle(
            PUT_IMAGE, Arguments(PUT_IMAGE, (request.buffer,)), CommandReply
        )
        if handled.refused or put is None:
            status = handled.status if handled.refused else Status.WRONG_LENGTH
            line.send(encode_status(status))
            return
        if not self._may_answer(line, handled):
            return
        self._note(handled, deliver(line, encode_status(Status.DONE), handled.struck))
        content = receive_pixels(line, request.total_bytes)
        if content is None:
            self._hang_up()
            return
        header, letter = put
        program = self._control.program
        image = unplaced(np.array(pixels_of(header, content)), 1.0)
        program.buffers.put(letter, image)


def _put_into(request: PutImageRequest) -> tuple[ImageHeader, str] | None:
    """The header that describes a put image, and its buffer; None when it makes no sense."""
    letter = IMAGE_BUFFERS[request.buffer : request.buffer + 1] if request.buffer >= 0 else ""
    if not letter or request.height <= 0 or request.total_bytes % max(request.height, 1):
        return None
    header = ImageHeader(
        pixel_type=request.pixel_type,
        row_bytes=request.total_bytes // request.height,
        width=request.width,
        height=request.height,
        total_bytes=request.total_bytes,
    )
    try:
        pixels_of(header, bytes(request.total_bytes))
    except (ValueError, KeyError, TypeError, ProtocolError):
        return None
    return header, letter
