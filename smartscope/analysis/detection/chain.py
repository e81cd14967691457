"""Finders tried in order until one answer is plausible; what cannot be loaded is passed over by
name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smartscope.analysis import registry
from smartscope.analysis.base import FindContext, Finder, Findings, Image
from smartscope.analysis.detection.acceptance import Verdict
from smartscope.analysis.findings import PluginUse

Judge = Callable[[Image, Findings, FindContext], Verdict]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One finder's answer and what the acceptance thought of it."""

    finder: Finder
    found: Findings
    verdict: Verdict


def run_chain(
    chain: Sequence[str | Finder], image: Image, context: FindContext, judge: Judge
) -> tuple[Attempt, ...]:
    """Attempts in order, ending with the first that passed; raises when no finder could be
    loaded. The chain holds finders or their names.
    """
    attempts: list[Attempt] = []
    absent: list[str] = []
    for entry in chain:
        try:
            finder = registry.finder(entry) if isinstance(entry, str) else entry
        except registry.PluginUnavailable as error:
            absent.append(str(error))
            continue
        found = finder.find(image, context)
        attempts.append(Attempt(finder, found, judge(image, found, context)))
        if attempts[-1].verdict.passed:
            break
    if not attempts:
        raise registry.PluginUnavailable(" ".join(absent) or "The chain of finders is empty.")
    return tuple(attempts)


def best_attempt(attempts: Sequence[Attempt]) -> Attempt:
    """The one that passed, else the one with fewest failures, the earlier among equals."""
    return min(attempts, key=lambda attempt: len(attempt.verdict.failures))


def use_of(finder: Finder) -> PluginUse:
    """The key under which a finder's results are kept."""
    card = finder.manifest
    return PluginUse(card.name, card.version, card.declared_duration_s)
