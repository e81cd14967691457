"""One person at a time stands at the helm, and nobody keeps it by silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.driving import ANSWER_WITHIN, Helm, Way, way_to

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
SECONDS = st.integers(-3_600, 3_600)


def test_a_free_helm_is_taken_and_ones_own_is_renewed() -> None:
    held = Helm(holder=1, expires_at=NOW + timedelta(minutes=3))
    assert way_to(Helm(), 1, NOW) is Way.FREE
    assert way_to(held, 1, NOW) is Way.RENEWED
    assert way_to(held, 2, NOW) is Way.DENIED


@given(left_s=SECONDS, asked_s_ago=SECONDS, asker=st.sampled_from([2, 3]))
def test_anothers_helm_comes_by_expiry_or_by_silence_only(
    left_s: int, asked_s_ago: int, asker: int
) -> None:
    helm = Helm(
        holder=1,
        expires_at=NOW + timedelta(seconds=left_s),
        asked_by=asker,
        asked_at=NOW - timedelta(seconds=asked_s_ago),
    )
    waited = timedelta(seconds=asked_s_ago) >= ANSWER_WITHIN
    expected = Way.FREE if left_s <= 0 else Way.SILENCE if asker == 2 and waited else Way.DENIED
    assert way_to(helm, 2, NOW) is expected
