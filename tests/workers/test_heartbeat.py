"""An analysis that hangs is given up by its heartbeat, taken up again, and in the end dead."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from smartscope.models import Analysis
from smartscope.operations.begin_analysis import (
    MOST_ATTEMPTS,
    SILENCE,
    Start,
    beat,
    begin_analysis,
)
from tests.workers.night import grid_with_atlas
from workers.analyses.heartbeat import heartbeat
from workers.sweeper import sweep

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """What the heartbeat wrote; it writes as ever."""
    written: list[UUID] = []

    def counted(analysis_id: UUID) -> None:
        written.append(analysis_id)
        beat(analysis_id)

    monkeypatch.setattr("workers.analyses.heartbeat.beat", counted)
    return written


def running() -> Analysis:
    analysis = Analysis.objects.get(image__grid=grid_with_atlas(), kind="find_squares")
    assert begin_analysis(analysis.pk) is Start.GO
    return analysis


def silent_threads() -> int:
    return sum("_beat_until" in thread.name for thread in threading.enumerate())


def test_work_in_progress_is_vouched_for_and_no_longer_than_the_limit(beats: list[UUID]) -> None:
    analysis = running()
    hung = threading.Event()
    with heartbeat(analysis.pk, every_s=0.01, at_most_s=0.05):
        hung.wait(0.3)
        assert silent_threads() == 0, "the heart has stopped although the work goes on"
    assert len(beats) == 5


def test_the_heart_stops_with_its_work(beats: list[UUID]) -> None:
    analysis = running()
    with heartbeat(analysis.pk, every_s=60.0, at_most_s=300.0):
        pass
    assert beats == []


def test_work_that_hangs_in_every_thread_is_given_up_without_a_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    analysis = running()
    told: list[UUID] = []

    def nudge(pk: UUID) -> bool:
        told.append(pk)
        Analysis.objects.filter(pk=pk).update(nudged_at=timezone.now())
        return True

    monkeypatch.setattr("workers.sweeper.nudge", nudge)
    Analysis.objects.update(beat_at=timezone.now() - 2 * SILENCE)
    sweep(timezone.now())
    sweep(timezone.now())
    assert told == [analysis.pk], "one hint at a time, however often it is looked at"
    Analysis.objects.update(attempts=MOST_ATTEMPTS)
    sweep(timezone.now())
    analysis.refresh_from_db()
    assert (analysis.state, analysis.error) == (
        "dead",
        "every worker that took it up was killed, or hangs",
    )


def test_hung_work_is_nudged_counted_and_dead_in_the_end(
    beats: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = running()
    nudged: list[UUID] = []

    def nudge(pk: UUID) -> bool:
        nudged.append(pk)
        return True

    monkeypatch.setattr("workers.sweeper.nudge", nudge)
    later = timezone.now() + SILENCE + timedelta(seconds=1)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        analysis.refresh_from_db()
        assert (analysis.state, analysis.attempts) == ("running", attempt)
        with heartbeat(analysis.pk, every_s=0.01, at_most_s=0.02):
            threading.Event().wait(0.1)
        sweep(timezone.now())
        assert len(nudged) == attempt - 1, "one that spoke a moment ago is left alone"
        sweep(later)
        assert len(nudged) == attempt
        Analysis.objects.update(beat_at=timezone.now() - SILENCE)
        begin_analysis(nudged[-1])
    analysis.refresh_from_db()
    assert analysis.state == "dead"
