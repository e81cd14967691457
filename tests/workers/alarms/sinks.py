"""A real mail server and a real web server of this machine, which keep what they are sent."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO, cast


@dataclass(slots=True)
class Sink:
    """What arrived; `refuses` makes it answer every message with an error."""

    port: int = 0
    refuses: bool = False
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def mail_sink() -> Iterator[Sink]:
    """SMTP as far as a client needs it (RFC 5321)."""
    sink = Sink()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            _speak(sink, self.rfile, cast("BinaryIO", self.wfile))

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
    yield from _served(server, sink)


@contextmanager
def web_sink(port: int = 0) -> Iterator[Sink]:
    """HTTP: bodies of POST, paths of GET; on a free port unless one is named."""
    sink = Sink()

    class Request(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not sink.refuses:
                sink.posts.append((self.path, json.loads(body)))
            self.send_response(503 if sink.refuses else 200)
            self.end_headers()

        def do_GET(self) -> None:
            sink.asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    yield from _served(ThreadingHTTPServer(("127.0.0.1", port), Request), sink)


def _served(server: socketserver.BaseServer, sink: Sink) -> Iterator[Sink]:
    sink.port = cast("tuple[str, int]", server.server_address)[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _speak(sink: Sink, incoming: Any, outgoing: BinaryIO) -> None:
    def say(line: str) -> None:
        outgoing.write(f"{line}\r\n".encode())

    say("220 here")
    to: list[str] = []
    for raw in incoming:
        line = raw.decode().strip()
        verb = line.split(" ")[0].upper()
        if verb == "DATA":
            say("354 go on")
            lines = []
            while (part := incoming.readline()) not in (b".\r\n", b""):
                lines.append(part)
            message = message_from_bytes(b"".join(lines), policy=policy.default)
            sink.mails.append((to, message))
            to = []
            say("250 kept")
        elif verb == "QUIT":
            say("221 bye")
            return
        elif verb == "RCPT" and sink.refuses:
            say("550 no such person")
        else:
            if verb == "RCPT":
                to.append(line.split("<")[1].split(">")[0])
            say("250 good")
