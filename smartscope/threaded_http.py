"""Short requests of an ASGI process, each answered whole on one of a few threads.

Django's own ASGI handler begins a thread for each request and crosses between it and the event
loop several times, which costs more than most answers. Here a request crosses once, and no more of
them are at work than there are connections to the database: what comes beyond waits its turn
instead of failing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.urls import set_script_prefix

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class ThreadedHandler(ASGIHandler):
    """Django without its asynchronous half; nothing that waits for long belongs here."""

    def __init__(self, *, threads: int) -> None:
        super().__init__()
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="http")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request; a client that goes away early costs its answer all the same."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            response = await self._on_a_thread(self._answered, scope, body)
            try:
                await self.send_response(response, send)
            finally:
                if response.streaming:
                    await self._on_a_thread(response.close)

    def _answered(self, scope: dict[str, Any], body: Any) -> HttpResponseBase:
        """The response, complete unless it streams; this thread's connection is given back."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, body)
        response = refused if request is None else self._of_the_site(request)
        assert response is not None
        if response.streaming:
            close_old_connections()
        else:
            response.close()
        return response

    def _of_the_site(self, request: HttpRequest) -> HttpResponseBase:
        response: Any = self.get_response(request)
        response._handler_class = self.__class__  # noqa: SLF001 (who tells that it has ended)
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        answer: HttpResponseBase = response
        return answer

    async def _on_a_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """In the thread's own context, where a connection to the cache is kept for the next one."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *arguments)
