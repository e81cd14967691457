"""Write one file that somebody asked for; safe to be done twice, or to be killed anywhere."""

from __future__ import annotations

import logging
from typing import BinaryIO
from uuid import UUID

from smartscope.domain.errors import BadFile, InvalidInput, NotFound, SmartscopeError
from smartscope.models import Export
from smartscope.operations.exports import begin_export, fail_export, finish_export, note_progress
from smartscope.queries.picked_micrographs import how_many_picked, picked_exposures
from smartscope.storage.current import current_store
from smartscope.storage.keys import object_key, object_name
from workers.exports.archive import Written, write_archive

log = logging.getLogger(__name__)


def run_export(export_id: UUID) -> None:
    """Begin, write, record. A broken file ends it; other failures are tried again."""
    export = begin_export(export_id)
    if export is None:
        return
    try:
        _write(export)
    except (BadFile, NotFound, InvalidInput) as error:
        fail_export(export_id, str(error), final=True)
    except SmartscopeError as error:
        fail_export(export_id, str(error), final=False)
    except Exception as error:
        log.exception("Export %s failed", export_id)
        fail_export(export_id, f"{type(error).__name__}: {error}", final=False)


def _write(export: Export) -> None:
    grid = export.grid
    chosen = export.options["exposures"]
    ids = None if chosen is None else [UUID(one) for one in chosen]
    many, done, result = how_many_picked(grid, ids), 0, Written()

    def tell() -> None:
        nonlocal done
        done += 1
        note_progress(export.pk, min(1.0, done / max(many, 1)))

    def write(stream: BinaryIO) -> None:
        nonlocal result
        result = write_archive(stream, export, picked_exposures(grid, ids), tell)

    name = object_name(step="export", item=str(export.pk), epoch=export.attempts, extension="zip")
    stored = current_store().write_atomic(
        object_key(grid.session.name, grid.slug, "exports", name), write
    )
    finish_export(export.pk, stored, particles=result.particles, message=result.message)
