"""Write one file that somebody asked for."""

from __future__ import annotations

from typing import BinaryIO
from uuid import UUID

from smartscope.models import Export
from smartscope.operations.asked_work import finish_work, note_progress
from smartscope.queries.picked_micrographs import how_many_picked, picked_exposures
from smartscope.storage.current import current_store
from smartscope.storage.keys import object_key, object_name
from workers.attempt import attempt
from workers.exports.archive import Written, write_archive


def run_export(export_id: UUID) -> None:
    """See `attempt`."""
    attempt(Export, export_id, _write)


def _write(export: Export) -> None:
    grid = export.grid
    chosen = export.options["exposures"]
    ids = None if chosen is None else [UUID(one) for one in chosen]
    many, done, result = how_many_picked(grid, ids), 0, Written()

    def tell() -> None:
        nonlocal done
        done += 1
        note_progress(export, min(1.0, done / max(many, 1)))

    def write(stream: BinaryIO) -> None:
        nonlocal result
        result = write_archive(stream, export, picked_exposures(grid, ids), tell)

    name = object_name(step="export", item=str(export.pk), epoch=export.attempts, extension="zip")
    stored = current_store().write_atomic(
        object_key(grid.session.name, grid.slug, "exports", name), write
    )
    finish_work(Export, export.pk, stored, message=result.message, particles=result.particles)
