"""Files are sent piece by piece under ASGI too, where Django would first read them whole.

A movie of a gigabyte must not pass through the memory of a process that serves everybody.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from itertools import islice

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

# Chunks of a file are 4 KiB; so many are fetched by one visit to a thread.
CHUNKS_AT_ONCE = 64

Next = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class AsynchronousStreamsMiddleware:
    """Turns a synchronous stream into an asynchronous one; everything else passes unchanged."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        return self._answer_later(request) if self.is_async else self.get_response(request)

    async def _answer_later(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        assert isinstance(response, Awaitable)
        answer = await response
        if isinstance(answer, StreamingHttpResponse) and not answer.is_async:
            answer.streaming_content = _in_pieces(answer.streaming_content)
        return answer


async def _in_pieces(chunks: Iterable[bytes] | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    assert isinstance(chunks, Iterable)
    iterator = iter(chunks)
    while piece := await sync_to_async(_next_piece)(iterator):
        yield piece


def _next_piece(iterator: Iterator[bytes]) -> bytes:
    return b"".join(islice(iterator, CHUNKS_AT_ONCE))
