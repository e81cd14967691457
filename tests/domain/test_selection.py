"""Every kind is seen before any is seen twice, and the choice is the same whoever asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.geometry import Point
from smartscope.domain.selection import Candidate, choose_diverse


def candidate(
    name: str, x: float, clusters: tuple[int, ...], value: float | None = None
) -> Candidate:
    """A candidate on the x axis."""
    return Candidate(id=name, position=Point(x, 0.0), clusters=clusters, value=value)


LINE = [candidate(f"{k}{n}", 10.0 * n, (k,), 20.0 * k) for k in range(3) for n in range(5)]


def test_each_cluster_is_represented_before_any_repeats() -> None:
    chosen = choose_diverse(LINE, 3)
    assert {name[0] for name in chosen} == {"0", "1", "2"}


def test_the_first_of_a_cluster_is_its_medoid_then_the_farthest() -> None:
    alone = [c for c in LINE if c.clusters == (0,)]
    assert choose_diverse(alone, 3) == ("02", "00", "04")


def test_population_weights_make_the_sample_representative() -> None:
    crowd = [candidate(f"a{n:02}", n, (0,)) for n in range(30)]
    few = [candidate(f"b{n}", n, (1,)) for n in range(6)]
    chosen = choose_diverse([*crowd, *few], 6, weights={0: 30, 1: 6})
    assert sum(name.startswith("a") for name in chosen) == 5


def test_a_group_serves_every_cluster_among_its_members() -> None:
    both = candidate("both", 0, (0, 1))
    chosen = choose_diverse([candidate("c", 5, (2,)), candidate("d", 9, (0,))], 1, [both])
    assert chosen == ("c",)


def test_what_people_queued_counts_and_is_not_chosen_again() -> None:
    chosen = choose_diverse(LINE, 2, [LINE[2]])
    assert {name[0] for name in chosen} == {"1", "2"}
    assert "02" not in choose_diverse(LINE, 15, [LINE[2]])


@given(st.permutations(LINE), st.integers(0, 20))
def test_the_choice_does_not_depend_on_order(shuffled: list[Candidate], count: int) -> None:
    chosen = choose_diverse(shuffled, count)
    assert chosen == choose_diverse(LINE, count)
    assert len(set(chosen)) == len(chosen) == min(count, len(LINE))


def test_candidates_without_clusters_spread_over_the_stage() -> None:
    plain = [candidate(f"p{n}", float(n), ()) for n in range(9)]
    assert choose_diverse(plain, 3) == ("p4", "p0", "p8")
