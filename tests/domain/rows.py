"""A database of rows in memory, a world that remembers its dose, and a bridge that can be killed.

The operations here do to these rows what `smartscope.operations` does to PostgreSQL, by the same
ladders, so that thousands of nights can be lived through in a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from smartscope.domain.geometry import Point
from smartscope.domain.planner import next_step
from smartscope.domain.protocol import CollectionProtocol
from smartscope.domain.snapshot import (
    Finding,
    GridPicture,
    GroupPicture,
    HolePicture,
    Instrument,
    Seen,
    Snapshot,
    SquarePicture,
    Wish,
)
from smartscope.domain.status import (
    GRID_MOVES,
    GROUP_MOVES,
    HOLE_MOVES,
    SQUARE_MOVES,
    GridStatus,
    TargetStatus,
    moved,
)
from smartscope.domain.steps import (
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

T, G = TargetStatus, GridStatus
NAMESPACE = UUID(int=7)


class Killed(Exception):
    """The bridge died here; everything not committed is gone."""


def row_id(*parts: object) -> UUID:
    return uuid5(NAMESPACE, "/".join(map(str, parts)))


@dataclass
class HoleRow:
    id: UUID
    number: int
    at: Point
    status: TargetStatus = T.QUEUED

    def move(self, to: TargetStatus) -> None:
        self.status = moved(HOLE_MOVES, self.status, to, f"hole {self.number}")


@dataclass
class GroupRow:
    id: UUID
    number: int
    holes: list[HoleRow]
    status: TargetStatus = T.QUEUED
    by_person: bool = False

    def move(self, to: TargetStatus) -> None:
        self.status = moved(GROUP_MOVES, self.status, to, f"group {self.number}")


@dataclass
class SquareRow:
    id: UUID
    number: int
    at: Point
    plan: list[GroupRow]
    status: TargetStatus = T.QUEUED
    groups: list[GroupRow] = field(default_factory=list)
    seen: Seen = Seen.NOTHING
    views_lost: int = 0

    def move(self, to: TargetStatus) -> None:
        self.status = moved(SQUARE_MOVES, self.status, to, f"square {self.number}")


@dataclass
class GridRow:
    id: UUID
    position: int
    plan: list[SquareRow]
    status: GridStatus = G.WAITING
    squares: list[SquareRow] = field(default_factory=list)
    atlas: bool = False
    atlas_lost: int = 0
    seen: Seen = Seen.NOTHING

    def move(self, to: GridStatus) -> None:
        self.status = moved(GRID_MOVES, self.status, to, f"grid {self.position}")


@dataclass
class World:
    """What physics remembers, whoever dies: the grid on the stage, the valves, every dose."""

    loaded: int | None = None
    valves_open: bool = False
    at: Point = Point(0.0, 0.0)
    exposed: list[UUID] = field(default_factory=list)
    files: set[tuple[int, str]] = field(default_factory=set)
    commands: int = 0


@dataclass
class Item:
    name: str
    hole: HoleRow | None = None
    state: str = "planned"


@dataclass
class OpenStep:
    number: int
    step: Step
    items: list[Item]


@dataclass(frozen=True)
class Rules:
    """The decision and the recovery under test; mutants replace one of them."""

    decide: Callable[[Snapshot], Decision] = next_step
    adopt_or_lose: bool = True
    lose_unissued: bool = False


class Night:
    """One run over `grids`, with a bridge that commits as it goes."""

    def __init__(self, grids: list[GridRow], rules: Rules) -> None:
        self.grids = grids
        self.rules = rules
        self.world = World()
        self.wish = Wish.RUN
        self.open: OpenStep | None = None
        self.steps = 0
        self.kills = 0
        self.lost = 0
        self.finished: Finished | None = None
        self.last: Decision | None = None

    # --- reading -----------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        instrument = Instrument(
            has_autoloader=True,
            loaded_position=self.world.loaded,
            valves_open=self.world.valves_open,
            vacuum_ready=True,
            refilling=False,
            stage=self.world.at,
        )
        grids = tuple(self._grid(grid) for grid in self.grids)
        return Snapshot(0.0, self.wish, "somebody", instrument, grids)

    def _grid(self, grid: GridRow) -> GridPicture:
        return GridPicture(
            id=grid.id,
            position=grid.position,
            name=f"grid {grid.position}",
            status=grid.status,
            protocol=CollectionProtocol(),
            atlas_taken=grid.atlas,
            atlas_lost=grid.atlas_lost,
            atlas_finding=Finding(grid.seen),
            squares=tuple(self._square(square) for square in grid.squares),
        )

    def _square(self, square: SquareRow) -> SquarePicture:
        return SquarePicture(
            id=square.id,
            number=square.number,
            status=square.status,
            stage=square.at,
            stage_z_um=None,
            queue_position=square.number,
            by_person=False,
            views_lost=square.views_lost,
            finding=Finding(square.seen),
            groups=tuple(
                GroupPicture(
                    id=group.id,
                    number=group.number,
                    status=group.status,
                    centre=group.holes[0].at,
                    order=group.number,
                    queue_position=group.number,
                    by_person=group.by_person,
                    holes=tuple(
                        HolePicture(hole.id, hole.number, hole.status, hole.at)
                        for hole in group.holes
                    ),
                )
                for group in square.groups
            ),
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
        if self.open is not None:
            self._recover(self.open)
        decision = self.last = self.rules.decide(self.snapshot())
        if isinstance(decision, Finished):
            self.finished = decision
        if isinstance(decision, Finished | Wait):
            return
        fuse = iter(range(10_000) if kill_at is None else range(kill_at))
        try:
            self._act(decision, fuse)
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
        self.world.commands += 1
        match step:
            case LoadGrid():
                self.world.loaded, self.world.valves_open = step.position, False
            case OpenValves():
                self.world.valves_open = True
            case MakeSafe():
                self.world.valves_open = False
            case ExposeGroup():
                assert item.hole is not None
                assert self.world.valves_open
                self.world.at = step.centre
                self.world.exposed.append(item.hole.id)
            case _:
                pass
        self.world.files.add((self.open.number, item.name))

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

    # --- the finders -------------------------------------------------------------------------

    def find(self) -> bool:
        """Deliver one pending finding; False when there was none."""
        for grid in self.grids:
            if grid.seen is Seen.PENDING:
                grid.seen, grid.squares = Seen.READY, grid.plan
                if grid.status is G.ATLAS:
                    grid.move(G.WORKING)
                return True
            for square in grid.squares:
                if square.seen is Seen.PENDING:
                    square.seen, square.groups = Seen.READY, square.plan
                    if square.status is T.IMAGED:
                        square.move(T.ANALYSED)
                    return True
        return False

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


def cassette(grids: int, squares: int, groups: int, members: int) -> list[GridRow]:
    """Grids with squares, groups and holes, all queued, as the finders will report them."""
    return [
        GridRow(
            row_id(g),
            g + 1,
            [
                SquareRow(
                    row_id(g, s),
                    s + 1,
                    Point(100.0 * s, 0.0),
                    [
                        GroupRow(
                            row_id(g, s, k),
                            k + 1,
                            [
                                HoleRow(
                                    row_id(g, s, k, m), 10 * k + m, Point(100.0 * s + m, 3.0 * k)
                                )
                                for m in range(members)
                            ],
                        )
                        for k in range(groups)
                    ],
                )
                for s in range(squares)
            ],
        )
        for g in range(grids)
    ]
