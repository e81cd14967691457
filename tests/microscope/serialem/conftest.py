"""A client that is already in control of a scripted SerialEM, with the patience of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.deadlines import Deadlines
from tests.microscope.serialem.peer import Peer, Scene, Talk

HASTY = Deadlines(
    quick_s=0.4, image_s=0.2, connect_s=2.0, busy_wait_s=0.01, pixels_s=1.0, stall_s=0.1
)

Meeting = tuple[SerialEmClient, Peer]
Meet = Callable[..., Meeting]


@pytest.fixture
def meet() -> Iterator[Meet]:
    """`meet(scene, ...)`: the scene begins after control was granted; the peer is checked at the
    end. With `granted=False` the client is not connected and the scene plays from the start.
    """
    with ExitStack() as stack:

        def begin(*scenes: Scene, granted: bool = True) -> Meeting:
            def after_grant(scene: Scene) -> Scene:
                def play(talk: Talk) -> None:
                    talk.grant()
                    scene(talk)

                return play

            peer = stack.enter_context(
                Peer(*(after_grant(scene) if granted else scene for scene in scenes))
            )
            client = SerialEmClient("127.0.0.1", peer.port, deadlines=HASTY)
            stack.callback(client.abandon)
            if granted:
                client.connect()
            return client, peer

        yield begin
