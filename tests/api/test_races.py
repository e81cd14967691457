"""A person and the bridge want the same hole at the same moment: one of them wins, whole."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict
from smartscope.models import Event, Grid, Group, Hole, Run, Square
from smartscope.operations.edit_targets import edit_holes
from smartscope.operations.pending_edit import Manner, Outcome
from smartscope.operations.square_edits import Wanted
from smartscope.operations.wish_command import wish_command
from tests.api.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


def in_threads(*functions: Callable[[], Any]) -> list[Any]:
    """Run all at once; what each returned or raised."""
    results: list[Any] = [None] * len(functions)
    together = threading.Barrier(len(functions))

    def run(i: int) -> None:
        try:
            together.wait(timeout=10)
            results[i] = functions[i]()
        except Conflict as refused:
            results[i] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


def person(world: World, name: str = "granted") -> Actor:
    return Actor("user", name, world.people[name].pk)


def expose(group: Group, holes: list[Hole]) -> bool:
    """What the bridge does before a step: lock, look, move, all or nothing."""
    with transaction.atomic():
        locked = Group.objects.select_for_update().get(pk=group.pk)
        rows = list(
            Hole.objects.select_for_update()
            .filter(pk__in=[hole.pk for hole in holes])
            .order_by("number")
        )
        if locked.status != "queued" or any(row.status != "queued" for row in rows):
            return False
        Hole.objects.filter(pk__in=[row.pk for row in rows]).update(status="imaging")
        Group.objects.filter(pk=group.pk).update(status="imaging")
        return True


def test_a_skipped_hole_is_never_exposed_and_an_exposed_one_never_skipped() -> None:
    world = make_world()
    holes = world.ours.holes[1:3]
    for _ in range(5):
        Hole.objects.filter(pk__in=[hole.pk for hole in holes]).update(status="queued")
        Group.objects.filter(pk=world.ours.group.pk).update(status="queued")
        began, outcome = in_threads(
            lambda: expose(world.ours.group, holes),
            lambda: edit_holes(
                person(world), [hole.pk for hole in holes], Wanted(skip=True), Manner()
            ),
        )
        assert isinstance(outcome, Outcome)
        statuses = set(
            Hole.objects.filter(pk__in=[h.pk for h in holes]).values_list("status", flat=True)
        )
        if began:
            assert (statuses, outcome.changed) == ({"imaging"}, 0)
            assert {entry.code for entry in outcome.skipped} == {"already_exposed"}
        else:
            assert (statuses, outcome.changed) == ({"skipped"}, 2)


def test_two_people_queueing_make_groups_with_numbers_of_their_own() -> None:
    world = make_world()
    four, five = world.ours.holes[3:5]

    def queue(hole: Hole, name: str) -> Outcome:
        return edit_holes(person(world, name), [hole.pk], Wanted(queue=True), Manner())

    first, second = in_threads(lambda: queue(four, "member"), lambda: queue(five, "lead"))
    assert (first.changed, second.changed) == (1, 1)
    numbers = Group.objects.filter(square=four.square).order_by("number")
    assert list(numbers.values_list("number", "queue_position")) == [(1, 1), (2, 2), (3, 3)]


def test_twenty_starts_make_one_run_and_the_log_has_no_gap() -> None:
    world = make_world()
    Run.objects.filter(pk=world.ours.run.pk).update(state="done")
    arguments = {"session": world.ours.session.pk}

    def start() -> Any:
        return wish_command(person(world), world.microscope.pk, "start", arguments)

    results = in_threads(*[start] * 20)
    refused = [result for result in results if isinstance(result, Conflict)]
    assert len(refused) == 19
    assert {conflict.code for conflict in refused} == {"busy"}
    assert Run.objects.filter(session=world.ours.session, state="queued").count() == 1
    seqs = list(Event.objects.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


def test_a_mere_word_on_a_hole_waits_for_nobody_who_plans() -> None:
    world = make_world()
    found, told = threading.Event(), threading.Event()
    hole = world.ours.holes[0]
    Hole.objects.filter(pk=hole.pk).update(status="found")

    def plan() -> None:
        with transaction.atomic():
            Grid.objects.select_for_update().get(pk=world.ours.grid.pk)
            Square.objects.select_for_update().get(pk=hole.square_id)
            list(Group.objects.select_for_update().filter(square=hole.square_id))
            found.set()
            assert told.wait(timeout=10), "the word waited for the plan"

    def label() -> Outcome:
        assert found.wait(timeout=10)
        try:
            return edit_holes(person(world), [hole.pk], Wanted(label="good"), Manner())
        finally:
            told.set()

    _, outcome = in_threads(plan, label)
    assert isinstance(outcome, Outcome)
    assert outcome.changed == 1
    assert Hole.objects.get(pk=hole.pk).label == "good"
