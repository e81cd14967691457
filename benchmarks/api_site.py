"""A demo on servers of its own with people who may use it, for the API's benchmark."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from smartscope.demo.place import Place
from smartscope.servers.children import Children
from smartscope.servers.opening import ServerPlan, sockets

ROOT = Path(__file__).resolve().parents[1]
PEOPLE = 30
READY_WITHIN_S = 240.0
PAGES = "pages, API and streams"
#: words of a command, and what such a process is
KINDS = {
    " web ": PAGES,
    "celery": "analysis",
    "simulator": "the simulated microscope",
    "bridge": "the bridge",
}
#: makes the people, and prints tokens and sign-ins as JSON
SETUP = """
import json
from datetime import timedelta
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from smartscope.domain.actor import Actor
from smartscope.models import Membership, Session
from smartscope.operations.tokens import create_token
session = Session.objects.order_by("-created_at").first()
store = import_module(settings.SESSION_ENGINE).SessionStore
found = []
for n in range({people}):
    user = User.objects.create_user(f"load{{n}}")
    Membership.objects.create(user=user, group=session.group)
    scopes = ("read", "label")
    actor = Actor("user", user.username, user.pk)
    _, secret = create_token(actor, name="load", scopes=scopes, lifetime=timedelta(hours=1))
    signed_in = store()
    signed_in[SESSION_KEY] = str(user.pk)
    signed_in[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    signed_in[HASH_SESSION_KEY] = user.get_session_auth_hash()
    signed_in.save()
    found.append([secret, f"{{settings.SESSION_COOKIE_NAME}}={{signed_in.session_key}}"])
print(json.dumps({{"session": str(session.pk), "people": found}}))
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A running demo and the people who look at it."""

    port: int
    process: int
    session: str
    #: (token, cookie) of each
    people: list[tuple[str, str]]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def demo() -> Iterator[Site]:
    """A demo of eight grids on servers of its own; ended, with all its processes, afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="smartscope-benchmark-") as name,
        sockets() as socket_folder,
    ):
        directory = Path(name)
        children = Children(directories=(directory, socket_folder))
        plan = ServerPlan.from_environment(
            {}, directory=directory / "servers", sockets=socket_folder, durable=True
        )
        try:
            plan.start(children)
            own = {k: v for k, v in os.environ.items() if not k.startswith("SMARTSCOPE_")}
            environment = {**own, **plan.addresses().environment()}
            yield from _started(directory, environment)
        finally:
            children.stop_all()


def _started(directory: Path, environment: dict[str, str]) -> Iterator[Site]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = int(holder.getsockname()[1])
    command = [
        *(sys.executable, "-m", "smartscope.demo", "--grids", "8", "--port", str(port)),
        *("--directory", str(directory / "demo"), "--speed", "60"),
    ]
    with (directory / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _await_page(port, process, directory / "demo.log")
            # signed by the demo's own key, or the demo would not know its people
            key = {"SMARTSCOPE_SECRET_KEY_FILE": str(Place(directory / "demo").secrets)}
            found = _people({**environment, **key})
            people = [(token, cookie) for token, cookie in found["people"]]
            yield Site(port, process.pid, found["session"], people)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_page(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/api/v1/health/ready").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise RuntimeError(f"the demo did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")


def _people(environment: dict[str, str]) -> Any:
    """Tokens and sign-ins; asked again until the demo has planned its session."""
    code = SETUP.format(people=PEOPLE)
    for _ in range(30):
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return json.loads(done.stdout.strip().splitlines()[-1])
        time.sleep(1.0)
    raise RuntimeError(done.stderr[-2000:])


def processor_s(process: int) -> dict[str, float]:
    """What each kind of the demo's processes has used so far, and this script."""
    parent = psutil.Process(process)
    found = {"the people who ask": sum(psutil.Process().cpu_times()[:2])}
    for one in (parent, *parent.children(recursive=True)):
        try:
            words = " ".join(one.cmdline())
            kind = next((kind for word, kind in KINDS.items() if word in words), "the rest")
            found[kind] = found.get(kind, 0.0) + sum(one.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return found


def memory_gb(process: int) -> float:
    """Resident memory of the demo and all it started, shared pages counted once each process."""
    parent = psutil.Process(process)
    total = 0
    for one in (parent, *parent.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 1e9
