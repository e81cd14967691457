"""Every kind is seen before any is seen twice, and the choice is the same whoever asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.geometry import Point
from smartscope.domain.protocol import Aim
from smartscope.domain.selection import Candidate, choose


def candidate(
    name: str, x: float, clusters: tuple[int, ...], value: float | None = None
) -> Candidate:
    """A candidate on the x axis."""
    return Candidate(id=name, position=Point(x, 0.0), clusters=clusters, value=value)


def choose_diverse(
    candidates: list[Candidate], count: int, already: list[Candidate] | None = None
) -> tuple[str, ...]:
    """Ids of a diverse choice."""
    return tuple(chosen.id for chosen in choose(candidates, count, already or []))


LINE = [candidate(f"{k}{n}", 10.0 * n, (k,), 20.0 * k) for k in range(3) for n in range(5)]


def test_each_cluster_is_represented_before_any_repeats() -> None:
    chosen = choose_diverse(LINE, 3)
    assert {name[0] for name in chosen} == {"0", "1", "2"}


def test_the_first_of_a_cluster_is_its_medoid_then_the_farthest() -> None:
    alone = [c for c in LINE if c.clusters == (0,)]
    assert choose_diverse(alone, 3) == ("02", "00", "04")


def test_a_representative_sample_has_kinds_as_common_as_they_are() -> None:
    crowd = [candidate(f"a{n:02}", n, (0,), 30.0 + n / 10) for n in range(30)]
    few = [candidate(f"b{n}", n, (1,), 90.0 + n) for n in range(6)]
    chosen = choose([*crowd, *few], 6, aim=Aim.REPRESENTATIVE)
    assert sum(each.id.startswith("a") for each in chosen) == 5


def test_a_representative_sample_is_nearer_to_the_whole_than_a_diverse_one() -> None:
    values = [20.0 + (n * 37 % 100) ** 2 / 100 for n in range(100)]
    all_of_them = [
        candidate(f"{n:03}", float(n), (int(value // 20),), value) for n, value in enumerate(values)
    ]

    def off_nm(aim: Aim) -> float:
        picked = {each.id for each in choose(all_of_them, 5, aim=aim)}
        sample = sorted(c.value or 0.0 for c in all_of_them if c.id in picked)
        whole = sorted(values)
        return sum(abs(whole[i] - sample[i * 5 // 100]) for i in range(100)) / 100

    assert off_nm(Aim.REPRESENTATIVE) < 0.5 * off_nm(Aim.DIVERSE)


def test_the_best_come_first_where_that_is_wanted() -> None:
    chosen = choose(LINE, 4, aim=Aim.BEST, yields={0: 0.1, 1: 0.9, 2: 0.2})
    assert [each.id[0] for each in chosen].count("1") == 3


def test_every_choice_says_why() -> None:
    first, *_, last = choose(LINE, 4)
    assert first.why == "diverse: the most typical of kind 1 (5 to choose from, 0 chosen before)"
    assert (
        last.why == "diverse: the farthest from those chosen of kind 1 (4 to choose from, "
        "1 chosen before)"
    )


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
