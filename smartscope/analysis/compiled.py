"""Compile an inner loop with numba where it is installed; elsewhere the same Python runs,
slower.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """The function itself, compiled on first call when numba can be imported; the answer is the
    same. Compiled, it lets other threads run meanwhile.
    """
    try:
        numba = importlib.import_module("numba")
    except ImportError:
        return function
    fast: Function = numba.njit(cache=True, nogil=True)(function)
    return fast
