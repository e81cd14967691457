"""Decodes the next frames while the last one is worked on; no more than a few wait in memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.io.movie import Movie

_MOST_THREADS: Final = 8
#: what waits may take no more memory than this, if its pixels have four bytes
_WAITING_BYTES: Final = 512 * 1024 * 1024


def threads_ahead(movie: Movie) -> int:
    """As many as there are processors, for decoders give up the interpreter's lock; 1 to 8.

    Fewer for frames so large that as many would fill half a GiB.
    """
    fit = _WAITING_BYTES // max(4 * movie.height_px * movie.width_px, 1)
    return max(1, min(_MOST_THREADS, len(os.sched_getaffinity(0)), fit))


def read_ahead(
    movie: Movie, order: Iterable[int], *, threads: int | None = None
) -> Iterator[NDArray[np.generic]]:
    """Frames (height, width) of `movie` in `order`; up to `threads` more are decoded meanwhile.

    None is `threads_ahead`. Raises `BadFile` at the frame that is broken. Stopping early leaves no
    thread behind.
    """
    wanted = iter(order)
    threads = threads_ahead(movie) if threads is None else threads
    waiting: deque[Future[NDArray[np.generic]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="read-ahead") as pool:
        try:
            waiting.extend(pool.submit(movie.read, index) for index in islice(wanted, threads))
            while waiting:
                frame = waiting.popleft().result()
                waiting.extend(pool.submit(movie.read, index) for index in islice(wanted, 1))
                yield frame
                # else the loop's name would keep it while the next one is waited for
                del frame
        finally:
            for each in waiting:
                each.cancel()
