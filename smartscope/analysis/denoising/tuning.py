"""Teaches the shipped network a grid's own pictures, where torch is; nobody needs it to denoise.

What it gives is a graph like the shipped one: any worker runs it, with or without torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

import numpy as np

from smartscope.analysis.denoising.care import HERE
from smartscope.analysis.denoising.members import Members, members_of
from smartscope.analysis.denoising.pairs import Pair
from smartscope.analysis.denoising.settings import TUNING, CareSettings
from smartscope.analysis.manifest import read_manifest
from smartscope.analysis.networks.network import UnusableWeights, checksum
from smartscope.domain.errors import SmartscopeError

NEEDED: Final = ("torch", "onnx")

#: how far it is (0-1) and what part of the signal is left out now
Progress = Callable[[float, float], None]


class CannotTune(SmartscopeError):
    """A network cannot be taught here, or not with these pictures; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """A graph, and the part of the signal that is left out before and after, on patches that were
    kept apart. Where tuning did not help, the graph is the one it began with.
    """

    graph: bytes
    before: float
    after: float

    @property
    def sha256(self) -> str:
        """Of the graph."""
        return checksum(self.graph)

    @property
    def helped(self) -> bool:
        """Whether the graph is another than the one it began with."""
        return self.after < self.before


def why_not() -> str:
    """Why no network can be taught here; empty where one can."""
    absent = [name for name in NEEDED if find_spec(name) is None]
    if not absent:
        return ""
    return (
        f"Tuning needs {' and '.join(absent)}, not installed here; install requirements-train.txt "
        "on the worker that tunes, or denoise without tuning."
    )


def shipped_graph() -> bytes:
    """The network that comes with `care-p2p`. Raises `UnusableWeights` without one."""
    weights = read_manifest(HERE / "care.toml").weights
    file = None if weights is None else HERE / weights.file
    if file is None or not file.is_file():
        raise UnusableWeights("The shipped denoising network is not there; install it anew.")
    return file.read_bytes()


def tune(
    pairs: Sequence[Pair],
    *,
    start: bytes | None = None,
    settings: CareSettings = TUNING,
    seed: int = 1,
    progress: Progress = lambda _part, _left: None,
) -> Tuned:
    """Teach a network `pairs` of one grid, from `start`, None for the shipped one.

    Takes `settings.steps` steps of about half a second of one processor each. Raises `CannotTune`
    without torch and for pictures smaller than a patch, `UnusableImage` for what is no pair.
    """
    reason = why_not()
    if reason:
        raise CannotTune(reason)
    from smartscope.analysis.denoising.fit import Fit, fit, signal_left_out, split_places
    from smartscope.analysis.denoising.graph import from_graph, to_graph

    members = [
        members_of(pair.halves(), pixel_size_angstrom=pair.pixel_size_angstrom) for pair in pairs
    ]
    arrays = [_stack(each) for each in members if each is not None]
    if not any(min(each.shape[1:]) >= settings.patch_px for each in arrays):
        raise CannotTune(
            f"No picture holds {settings.patch_px} pixels of 4 Å a side, which tuning needs; "
            "give larger ones, or denoise without tuning."
        )
    first = shipped_graph() if start is None else start
    begun = Fit.begin(from_graph(first), settings)
    _, kept = split_places(arrays, settings, seed)
    before = signal_left_out(begun.network, arrays, kept, settings)
    after = fit(
        begun,
        arrays,
        settings,
        seed=seed,
        each_epoch=lambda now, left: progress(now.done / settings.steps, left),
    )
    helped = after < before
    return Tuned(to_graph(begun.network) if helped else first, before, after)


def _stack(members: Members) -> np.ndarray:
    return np.stack([members.even, members.odd])
