"""What an edit is about to change, row by row; nothing is written until it is all known.

So a preview is the same code that stops before writing, and a refused edit has changed nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict
from smartscope.domain.status import LIVE_RUNS, RunState
from smartscope.models import (
    Change,
    Changeset,
    Exposure,
    Grid,
    Hole,
    Label,
    Run,
    Session,
    Square,
)
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.rerank_grid import rerank_grid
from smartscope.operations.update_rows import update_rows

#: what a grid is judged by
_JUDGED = frozenset({"square", "hole", "exposure"})
#: a run in one of these comes to whatever is queued
GOES_ON = (LIVE_RUNS - {RunState.FINISHING}) | {RunState.QUEUED}
#: rows written in one statement
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Skipped:
    """A target that was left as it is; `code` for programs, `reason` for people."""

    id: UUID
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an edit did, or would do; `advice` says what is missing for it to take effect."""

    changeset: UUID | None
    matched: int
    changed: int
    skipped: tuple[Skipped, ...]
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """All or what is possible; really or as a preview; what the changeset says of itself."""

    atomic: bool = False
    dry_run: bool = False
    summary: str = ""
    reverts: UUID | None = None


@dataclass(slots=True)
class PendingEdit:
    """Collects changes to locked rows. `put` is the only way to change one."""

    actor: Actor
    rows: dict[tuple[str, UUID], models.Model] = field(default_factory=dict)
    before: dict[tuple[str, UUID], dict[str, Any]] = field(default_factory=dict)
    new: dict[tuple[str, UUID], dict[str, Any]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)

    def put(self, resource: str, row: models.Model, **values: Any) -> None:
        """Set columns of a locked row; values equal to the present ones are no change."""
        key = (resource, row.pk)
        for name, value in values.items():
            present = getattr(row, name)
            if present == value:
                continue
            self.rows[key] = row
            self.before.setdefault(key, {}).setdefault(name, present)
            setattr(row, name, value)

    def create(self, resource: str, row: models.Model, *, undone: dict[str, Any]) -> None:
        """A row that comes to be; a revert cannot unmake it but sets it to `undone`."""
        self.new[resource, row.pk] = undone
        self.rows[resource, row.pk] = row

    def forget(self, resource: str, row: models.Model) -> bool:
        """A row that came to be within this edit is not wanted after all; False for any other."""
        key = (resource, row.pk)
        if key not in self.new:
            return False
        del self.new[key], self.rows[key]
        self.before.pop(key, None)
        return True

    def skip(self, row: models.Model, code: str, reason: str) -> None:
        self.skipped.append(Skipped(row.pk, code, reason))

    def changed(self, resource: str) -> list[UUID]:
        """Ids of the rows of that kind that will change."""
        return [pk for kind, pk in self.before if kind == resource]

    def commit(
        self,
        session: Session,
        kind: str,
        *,
        matched: int,
        manner: Manner,
        grid: UUID | None = None,
        why: str = "",
        about: Sequence[UUID] = (),
        asked: Collection[UUID] | None = None,
    ) -> Outcome:
        """Write the rows, the changeset and one event; the outcome counts rows named in `kind`,
        and of these only the `asked` ones where others of their kind may have followed.

        The event's reason is `why`, or else the summary; it tells of these rows, or else of those
        that `about` names because they are seen differently now.

        Raises Conflict for an atomic edit of which a part is not possible.
        """
        resource = kind.split(".", maxsplit=1)[0]
        rows = self.before | self.new if about else self.before or self.new
        subjects = self.changed(resource) or [pk for _, pk in rows]
        advice = self._advice(session)
        counted = [pk for pk in subjects if asked is None or pk in asked]
        outcome = Outcome(None, matched, len(counted), tuple(self.skipped), advice)
        subjects = list(about) or subjects
        if manner.dry_run:
            return outcome
        if manner.atomic and self.skipped:
            first = self.skipped[0]
            raise Conflict(
                f"{len(self.skipped)} of {matched} cannot be changed, so none was; the first: "
                f"{first.reason}",
                code=first.code,
            )
        if not self.before and not self.new:
            return outcome
        changeset = self._write(session, manner)
        self._judge_grids_anew()
        record_event(
            kind,
            self.actor,
            Scope(session.microscope_id, session.pk, grid),
            Told(subjects=subjects, changeset=changeset.pk, reason=why or manner.summary),
        )
        return replace(outcome, changeset=changeset.pk)

    def _advice(self, session: Session) -> str:
        """What waits now is imaged by a run; say so where none goes on by itself."""
        queued = any(
            "status" in before and getattr(self.rows[key], "status", "") == "queued"
            for key, before in self.before.items()
        )
        if not queued or Run.objects.filter(session=session, state__in=GOES_ON).exists():
            return ""
        return f"Nothing drives {session.name} now: start it, and what waits is imaged."

    def _judge_grids_anew(self) -> None:
        """A person's word changes what a grid is worth; a hole's label by itself does not."""
        changed = [
            self.rows[key]
            for key, before in self.before.items()
            if key[0] in _JUDGED and not (key[0] == "hole" and before.keys() == {"label"})
        ]
        squares = {row.pk for row in changed if isinstance(row, Square)}
        squares |= {row.square_id for row in changed if isinstance(row, Hole)}
        exposed = {row.hole_id for row in changed if isinstance(row, Exposure)}
        if exposed:
            above = Hole.objects.filter(pk__in=exposed).values_list("square", flat=True)
            squares |= set(above.distinct())
        grids = Grid.objects.filter(squares__in=squares).distinct() if squares else ()
        for grid in grids:
            rerank_grid(grid)

    def _write(self, session: Session, manner: Manner) -> Changeset:
        now = timezone.now()
        for key in self.new:
            self.rows[key].save(force_insert=True)
        for rows, names in self._by_model():
            for row in rows:
                row.version += 1
                row.updated_at = now
            update_rows(rows, names | {"version", "updated_at"})
        changeset = Changeset.objects.create(
            session=session,
            author_id=self.actor.user_id,
            source="page" if self.actor.kind == "user" else self.actor.kind,
            summary=manner.summary[:200],
            reverts_id=manner.reverts,
        )
        Change.objects.bulk_create(self._changes(changeset), batch_size=BATCH)
        Label.objects.bulk_create(self._labels(), batch_size=BATCH)
        return changeset

    def _by_model(self) -> Iterable[tuple[list[Any], set[str]]]:
        """Changed rows of each model together with the columns changed in any of them."""
        found: dict[Any, tuple[list[Any], set[str]]] = {}
        for key, names in self.before.items():
            if key in self.new:
                continue
            rows, columns = found.setdefault(type(self.rows[key]), ([], set()))
            rows.append(self.rows[key])
            columns.update(names)
        return found.values()

    def _changes(self, changeset: Changeset) -> list[Change]:
        changes = []
        for (resource, pk), before in (self.before | self.new).items():
            row = self.rows[resource, pk]
            after = {name: _plain(getattr(row, name)) for name in before}
            changes.append(
                Change(
                    changeset=changeset,
                    resource=resource,
                    object_id=pk,
                    before={name: _plain(value) for name, value in before.items()},
                    after=after,
                )
            )
        return changes

    def _labels(self) -> list[Label]:
        return [
            Label(
                resource=resource,
                object_id=pk,
                name=getattr(self.rows[resource, pk], "label"),  # noqa: B009
                author_id=self.actor.user_id,
            )
            for (resource, pk), before in self.before.items()
            if "label" in before
        ]


def _plain(value: Any) -> Any:
    """A column's value as JSON keeps it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
