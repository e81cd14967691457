"""People's targets first, then the nearest way; the same from the same rows, and it says why."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid5

from smartscope.domain.geometry import Point
from smartscope.domain.next_target import group_to_expose, square_to_image
from smartscope.domain.protocol import CollectionProtocol
from smartscope.domain.snapshot import (
    Finding,
    GridPicture,
    GroupPicture,
    HolePicture,
    Seen,
    SquarePicture,
)
from smartscope.domain.status import GridStatus, TargetStatus

T = TargetStatus
NAMES = UUID(int=5)


def group(
    name: str, number: int, x_um: float, y_um: float, *, by_person: bool = False
) -> GroupPicture:
    """A queued group of one hole."""
    at = Point(x_um, y_um)
    return GroupPicture(
        id=uuid5(NAMES, name),
        number=number,
        status=T.QUEUED,
        centre=at,
        order=number,
        queue_position=number,
        by_person=by_person,
        holes=(HolePicture(uuid5(NAMES, name + "h"), number, T.QUEUED, at),),
    )


def square(
    number: int, x_um: float, *groups: GroupPicture, status: T = T.ANALYSED, by_person: bool = False
) -> SquarePicture:
    """A square on the x axis."""
    return SquarePicture(
        id=uuid5(NAMES, f"square {number}"),
        number=number,
        status=status,
        stage=Point(x_um, 0.0),
        stage_z_um=None,
        queue_position=number,
        by_person=by_person,
        views_lost=0,
        finding=Finding(Seen.READY),
        groups=groups,
    )


def grid(*squares: SquarePicture) -> GridPicture:
    """A grid at work."""
    return GridPicture(
        id=uuid5(NAMES, "grid"),
        position=1,
        name="grid",
        status=GridStatus.WORKING,
        protocol=CollectionProtocol(),
        atlas_taken=True,
        atlas_lost=0,
        atlas_finding=Finding(Seen.READY),
        squares=squares,
    )


def queued(*places_um: float, by_person: float | None = None) -> GridPicture:
    """Queued squares at these places on the x axis."""
    return grid(
        *(
            square(number, x_um, status=T.QUEUED, by_person=x_um == by_person)
            for number, x_um in enumerate(places_um, start=1)
        )
    )


def next_square_at(picture: GridPicture, stage: Point) -> float:
    chosen = square_to_image(picture, stage)
    assert chosen is not None
    return chosen.square.stage.x_um


def test_the_next_square_begins_the_shortest_tour_and_not_the_queue() -> None:
    assert next_square_at(queued(600.0, -100.0, 300.0, 0.0), Point(-150.0, 0.0)) == -100.0
    assert next_square_at(queued(600.0, -100.0, 300.0, 0.0), Point(700.0, 0.0)) == 600.0


def test_a_square_that_a_person_queued_comes_first_however_far() -> None:
    assert next_square_at(queued(0.0, 100.0, 800.0, by_person=800.0), Point(0.0, 0.0)) == 800.0


def test_a_group_that_a_person_queued_comes_first_however_far() -> None:
    picture = grid(
        square(1, 0.0, group("near", 1, 1.0, 0.0)),
        square(2, 500.0, group("far", 1, 500.0, 0.0, by_person=True)),
    )
    chosen = group_to_expose(picture, Point(0.0, 0.0))
    assert chosen is not None
    assert chosen.square.number == 2
    assert chosen.why == "queued by a person; the only group waiting, 500 µm away"


def test_the_square_the_stage_is_in_is_finished_first() -> None:
    left = [group(f"l{n}", n, 25.0, 3.0 * n) for n in range(4)]
    right = [group(f"r{n}", n, 60.0, 3.0 * n) for n in range(4)]
    picture, stage = grid(square(1, 0.0, *left), square(2, 83.0, *right)), Point(41.0, 0.0)
    visited = []
    for _ in range(8):
        chosen = group_to_expose(picture, stage)
        assert chosen is not None
        visited.append(chosen.square.number)
        stage = chosen.group.centre
        rest = tuple(each for each in chosen.square.groups if each.id != chosen.group.id)
        after = replace(chosen.square, groups=rest)
        picture = grid(*(after if s.id == after.id else s for s in picture.squares))
    assert visited == [1] * 4 + [2] * 4


def test_it_says_how_many_wait_and_how_far_it_is() -> None:
    picture = grid(square(1, 0.0, group("a", 1, 3.0, 4.0), group("b", 2, 6.0, 8.0)))
    chosen = group_to_expose(picture, Point(0.0, 0.0))
    assert chosen is not None
    assert chosen.why == "first of 2 groups on the cheapest path of 10 µm, 5 µm away"


def test_a_skipped_square_offers_nothing() -> None:
    picture = grid(square(1, 0.0, group("a", 1, 0.0, 0.0), status=T.SKIPPED))
    assert group_to_expose(picture, Point(0.0, 0.0)) is None
    assert square_to_image(picture, Point(0.0, 0.0)) is None


def test_the_order_of_rows_does_not_matter() -> None:
    groups = [group(f"g{n}", n, 7.0 * (n % 3), 5.0 * n) for n in range(7)]
    forwards = grid(square(1, 0.0, *groups), square(2, 83.0, group("x", 1, 83.0, 0.0)))
    backwards = replace(
        forwards,
        squares=tuple(
            replace(s, groups=tuple(reversed(s.groups))) for s in reversed(forwards.squares)
        ),
    )
    one = group_to_expose(forwards, Point(1.0, 1.0))
    other = group_to_expose(backwards, Point(1.0, 1.0))
    assert one is not None
    assert other is not None
    assert (one.group.id, one.why) == (other.group.id, other.why)
