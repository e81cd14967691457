"""How this process keeps the memory of images: freed pages stay, for the next image wants them.

By default the C library returns every large array to the kernel when it is freed, and each page of
the next one costs a fault and is cleared again: a third of the time of rendering or analysing an
image of a few megapixels (`benchmarks/simulator.py` prints both). For processes that handle image
after image; what is kept is bounded.
"""

from __future__ import annotations

import ctypes
import sys

# man 3 mallopt; the numbers are those of malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
#: the largest the library accepts; larger arrays still come from and go to the kernel
_KEPT_ARRAY_BYTES = 32 * 1024**2
_KEPT_BYTES = 256 * 1024**2


def keep_image_memory() -> bool:
    """Ask for it, once, before the first image; False where the C library knows no such wish."""
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return False
    wishes = (
        (_M_ARENA_MAX, 1),
        (_M_MMAP_THRESHOLD, _KEPT_ARRAY_BYTES),
        (_M_TRIM_THRESHOLD, _KEPT_BYTES),
    )
    accepted = [mallopt(name, value) == 1 for name, value in wishes]
    return all(accepted)
