"""Files are sent piece by piece under ASGI too, where Django would first read them whole.

A movie of a gigabyte must not pass through the memory of a process that serves everybody.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from itertools import islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

# Chunks of a file are 4 KiB; so many are fetched by one visit to a thread.
CHUNKS_AT_ONCE = 64


class AsynchronousStreamsMiddleware:
    """Turns a stream that answers an ASGI request into an asynchronous one; all else passes.

    It is synchronous itself: Django runs a chain that holds one synchronous middleware so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if (
            isinstance(request, ASGIRequest)
            and isinstance(response, StreamingHttpResponse)
            and not response.is_async
        ):
            response.streaming_content = _in_pieces(response.streaming_content)
        return response


async def _in_pieces(chunks: Iterable[bytes] | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    assert isinstance(chunks, Iterable)
    iterator = iter(chunks)
    while piece := await sync_to_async(_next_piece)(iterator):
        yield piece


def _next_piece(iterator: Iterator[bytes]) -> bytes:
    return b"".join(islice(iterator, CHUNKS_AT_ONCE))
