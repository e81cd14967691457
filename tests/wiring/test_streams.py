"""A large file leaves in pieces, whole and in order, however it is served."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, StreamingHttpResponse
from django.test import AsyncRequestFactory, RequestFactory

from smartscope.asynchronous_streams import CHUNKS_AT_ONCE, AsynchronousStreamsMiddleware


class Source:
    """A file that counts how far it was read."""

    def __init__(self, chunks: int) -> None:
        self.chunks = chunks
        self.read = 0

    def __iter__(self) -> Iterator[bytes]:
        for number in range(self.chunks):
            self.read += 1
            yield b"%06d" % number


async def test_a_file_is_read_no_faster_than_it_is_sent() -> None:
    source = Source(1_000)

    def view(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(iter(source))

    response = AsynchronousStreamsMiddleware(view)(AsyncRequestFactory().get("/"))
    assert isinstance(response, StreamingHttpResponse)
    pieces = aiter(response)
    sent = await anext(pieces)
    assert source.read <= CHUNKS_AT_ONCE
    async for piece in pieces:
        sent += piece
    assert sent == b"".join(b"%06d" % number for number in range(1_000))


def test_under_wsgi_a_stream_passes_unchanged() -> None:
    response = StreamingHttpResponse([b"image"])
    assert AsynchronousStreamsMiddleware(lambda _: response)(RequestFactory().get("/")) is response
    assert not response.is_async
