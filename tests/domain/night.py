"""A world that remembers its dose and its valves, and a bridge over it that can be killed.

The operations here do to the rows what `smartscope.operations` does to PostgreSQL, by the same
ladders, so that thousands of nights can be lived through in a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from smartscope.domain.planner import next_step
from smartscope.domain.safekeeping import may_release
from smartscope.domain.snapshot import Instrument, Seen, Snapshot, Stillness, Wish
from smartscope.domain.steps import (
    AskPerson,
    Decision,
    ExposeGroup,
    Finished,
    FinishGrid,
    ImageAtlas,
    ImageSquare,
    LoadGrid,
    MakeSafe,
    OpenValves,
    Step,
    Wait,
)
from smartscope.domain.suspenders import Signal, Trip, followed, forbids_dose
from tests.domain.pictures import grid_picture
from tests.domain.rows import G, GridRow, GroupRow, HoleRow, SquareRow, T, deliver_finding
from tests.domain.world import Item, Killed, OpenStep, World

#: how long a wait without a known end, and a command, take
WAIT_S, COMMAND_S = 300.0, 1.0


@dataclass(frozen=True)
class Rules:
    """The decision and the recovery under test; mutants replace one of them."""

    decide: Callable[[Snapshot], Decision] = next_step
    release: Callable[[Snapshot, Decision], bool] = may_release
    adopt_or_lose: bool = True
    lose_unissued: bool = False


class Night:
    """One run over `grids`, with a bridge that commits as it goes."""

    def __init__(self, grids: list[GridRow], rules: Rules) -> None:
        self.grids = grids
        self.rules = rules
        self.world = World()
        self.now_s = 0.0
        self.wish = Wish.RUN
        self.paused_because = ""
        self.bad: set[Signal] = set()
        self.trips: tuple[Trip, ...] = ()
        self.stillness = Stillness()
        #: control of the instrument; what was seen when it was given back
        self.held = True
        self.seen: Instrument | None = None
        self.open: OpenStep | None = None
        self.steps = 0
        self.kills = 0
        self.lost = 0
        self.finished: Finished | None = None
        self.last: Decision | None = None

    # --- reading -----------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """As the bridge sees it now; without control the instrument is as it was."""
        if self.held or self.seen is None:
            self.trips = followed(self.trips, dict.fromkeys(self.bad, ""), self.now_s)
            self.seen = Instrument(
                has_autoloader=True,
                loaded_position=self.world.loaded,
                valves_open=self.world.valves_open,
                stage=self.world.at,
                trips=self.trips,
            )
        return Snapshot(
            self.now_s,
            self.wish,
            "somebody",
            self.seen,
            tuple(grid_picture(grid) for grid in self.grids),
            paused_because=self.paused_because if self.wish is Wish.PAUSE else "",
            stillness=self.stillness,
        )

    def holes(self) -> Iterator[HoleRow]:
        for grid in self.grids:
            for square in grid.squares:
                for group in square.groups:
                    yield from group.holes

    # --- the bridge --------------------------------------------------------------------------

    def run_to_the_end(self, most_turns: int) -> Finished | None:
        """Turn with finders that keep up; None when the night had not ended by then."""
        for _ in range(most_turns):
            self.find()
            self.turn()
            if self.finished is not None:
                break
        return self.finished

    def turn(self, kill_at: int | None = None) -> None:
        """Recover, decide, act, record; dies after `kill_at` commits or commands, if given."""
        if not self.held and not self._take_control():
            self.now_s += WAIT_S
            return
        if self.open is not None:
            self._recover(self.open)
        snapshot = self.snapshot()
        decision = self.last = self.rules.decide(snapshot)
        match decision:
            case Finished():
                self.finished = decision
            case AskPerson():
                self.wish, self.paused_because = Wish.PAUSE, decision.reason
            case Wait():
                self.held = not self.rules.release(snapshot, decision)
                until_s = decision.until_s
                self.now_s = self.now_s + WAIT_S if until_s is None else max(until_s, self.now_s)
            case _:
                self._try(decision, kill_at)

    def _take_control(self) -> bool:
        """Whether there is something to be done that needs the instrument."""
        snapshot = self.snapshot()
        self.held = not self.rules.release(snapshot, self.rules.decide(snapshot))
        return self.held

    def _try(self, step: Step, kill_at: int | None) -> None:
        fuse = iter(range(10_000) if kill_at is None else range(kill_at))
        try:
            self._act(step, fuse)
        except Killed:
            self.kills += 1

    def _tick(self, fuse: Iterator[int]) -> None:
        if next(fuse, None) is None:
            raise Killed

    def _act(self, step: Step, fuse: Iterator[int]) -> None:
        self._tick(fuse)
        self._begin(step)
        assert self.open is not None
        for item in self.open.items:
            self._tick(fuse)
            item.state = "issued"
            self._tick(fuse)
            self._command(step, item)
            self._tick(fuse)
            self._record(step, item)
        self._tick(fuse)
        self._complete(self.open)

    def _begin(self, step: Step) -> None:
        self.steps += 1
        items = [Item("one")]
        match step:
            case LoadGrid(grid=grid):
                row = self._find_grid(grid)
                if row.status == G.WAITING:
                    row.move(G.LOADING)
            case ImageAtlas(grid=grid):
                row = self._find_grid(grid)
                if row.status is G.LOADED:
                    row.move(G.ATLAS)
            case ImageSquare(square=square):
                self._find_square(square).move(T.IMAGING)
            case ExposeGroup(group=group):
                self._find_group(group).move(T.IMAGING)
                items = []
                for shot in step.shots:
                    hole = self._find_hole(shot.hole)
                    hole.move(T.IMAGING)
                    items.append(Item(f"h{hole.number}", hole))
        self.open = OpenStep(self.steps, step, items)

    def _command(self, step: Step, item: Item) -> None:
        assert self.open is not None
        assert self.held, "a command without control"
        self.now_s += COMMAND_S
        if isinstance(step, MakeSafe):
            self._close()
            return
        self.world.commands += 1
        match step:
            case LoadGrid():
                self.world.loaded, self.world.valves_open = step.position, False
            case OpenValves():
                self.world.valves_open = True
            case ImageAtlas() | ImageSquare():
                self._require_beam()
            case ExposeGroup():
                assert item.hole is not None
                self._require_beam()
                self.world.at = step.centre
                self.world.exposed.append(item.hole.id)
            case _:
                pass
        self.world.files.add((self.open.number, item.name))

    def _close(self) -> None:
        self.world.closings += 1
        if self.world.stuck > 0:
            self.world.stuck -= 1
        else:
            self.world.valves_open = False

    def _require_beam(self) -> None:
        assert self.world.valves_open, "exposed with closed valves"
        assert forbids_dose(self.trips, self.now_s) is None, "exposed under a tripped suspender"

    def _record(self, step: Step, item: Item) -> None:
        item.state = "done"
        match step:
            case LoadGrid(grid=grid):
                row = self._find_grid(grid)
                if row.status is G.LOADING:
                    row.move(G.LOADED)
            case ImageAtlas(grid=grid):
                atlas = self._find_grid(grid)
                atlas.atlas, atlas.seen = True, Seen.PENDING
            case ImageSquare(square=square):
                view = self._find_square(square)
                view.move(T.IMAGED)
                view.seen = Seen.PENDING
            case ExposeGroup():
                assert item.hole is not None
                item.hole.move(T.IMAGED)
            case FinishGrid(grid=grid):
                row = self._find_grid(grid)
                row.move(G.DONE if row.status in (G.ATLAS, G.WORKING) else G.FAILED)

    def _complete(self, open_step: OpenStep) -> None:
        if isinstance(open_step.step, ExposeGroup):
            self._close_group(self._find_group(open_step.step.group))
        if not isinstance(open_step.step, MakeSafe):
            self.stillness = Stillness(quiet_since_s=self.now_s)
        elif self.world.valves_open:
            self.stillness = Stillness(
                self.stillness.quiet_since_s, self.stillness.failed_closings + 1, self.now_s
            )
        else:
            self.stillness = Stillness(self.stillness.quiet_since_s)
        self.open = None

    def _close_group(self, group: GroupRow) -> None:
        again = any(hole.status is T.QUEUED for hole in group.holes)
        lost = all(hole.status is T.LOST for hole in group.holes)
        group.move(T.QUEUED if again else T.LOST if lost else T.IMAGED)

    def _recover(self, open_step: OpenStep) -> None:
        """Adopt what is whole, give up what is unknown, hand back what was never issued."""
        for item in open_step.items:
            whole = (open_step.number, item.name) in self.world.files
            if item.state == "issued" and whole and self.rules.adopt_or_lose:
                self._record(open_step.step, item)
            elif item.state == "issued":
                self._give_up(open_step.step, item)
            elif item.state == "planned":
                self._hand_back(open_step.step, item)
        self._complete(open_step)

    def _give_up(self, step: Step, item: Item) -> None:
        match step:
            case LoadGrid(grid=grid):  # read back: the stage tells
                self._find_grid(grid).move(G.WAITING)
            case ImageAtlas(grid=grid):
                self._find_grid(grid).atlas_lost += 1
                self.lost += 1
            case ImageSquare(square=square):
                view = self._find_square(square)
                view.move(T.LOST)
                view.views_lost += 1
                self.lost += 1
                if view.views_lost == 1:
                    view.move(T.QUEUED)
            case ExposeGroup():
                assert item.hole is not None
                if self.rules.adopt_or_lose:
                    item.hole.move(T.LOST)
                    self.lost += 1
                else:
                    item.hole.status = T.QUEUED

    def _hand_back(self, step: Step, item: Item) -> None:
        match step:
            case LoadGrid(grid=grid):
                row = self._find_grid(grid)
                if row.status is G.LOADING:
                    row.move(G.WAITING)
            case ImageSquare(square=square):
                self._find_square(square).move(T.QUEUED)
            case ExposeGroup():
                assert item.hole is not None
                if self.rules.lose_unissued:
                    item.hole.move(T.LOST)
                    self.lost += 1
                else:
                    item.hole.move(T.QUEUED)

    def find(self) -> bool:
        """Deliver one pending finding; False when there was none."""
        return deliver_finding(self.grids)

    # --- looking rows up ---------------------------------------------------------------------

    def _find_grid(self, wanted: UUID) -> GridRow:
        return next(grid for grid in self.grids if grid.id == wanted)

    def _find_square(self, wanted: UUID) -> SquareRow:
        return next(s for grid in self.grids for s in grid.squares if s.id == wanted)

    def _find_group(self, wanted: UUID) -> GroupRow:
        squares = (square for grid in self.grids for square in grid.squares)
        return next(group for s in squares for group in s.groups if group.id == wanted)

    def _find_hole(self, wanted: UUID) -> HoleRow:
        return next(hole for hole in self.holes() if hole.id == wanted)
