"""Decodes the next frames while the last one is worked on; no more than a few wait in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.io.movie import Movie

#: decoders give up the interpreter's lock, so that two keep a reader and a worker busy
DEFAULT_THREADS: Final = 2


def read_ahead(
    movie: Movie, order: Iterable[int], *, threads: int = DEFAULT_THREADS
) -> Iterator[NDArray[np.generic]]:
    """Frames (height, width) of `movie` in `order`; up to `threads` more are decoded meanwhile.

    Raises `BadFile` at the frame that is broken. Stopping early leaves no thread behind.
    """
    wanted = iter(order)
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
