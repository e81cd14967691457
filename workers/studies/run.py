"""Work out what somebody asked to know of a grid's particles, and say meanwhile that it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from smartscope.models import ParticleStudy, StudyKind
from smartscope.operations.asked_work import finish_work
from smartscope.storage.current import current_store
from smartscope.storage.keys import object_key, object_name
from workers.attempt import attempt
from workers.studies.average import averaged
from workers.studies.learn import learn
from workers.studies.result import StudyResult

_WORK: Mapping[str, Callable[[ParticleStudy], StudyResult]] = {
    StudyKind.PICKER: learn,
    StudyKind.CLASSES: averaged,
}


def run_study(study_id: UUID) -> None:
    """See `attempt`."""
    attempt(ParticleStudy, study_id, _work_out)


def _work_out(study: ParticleStudy) -> None:
    result = _WORK[study.kind](study)
    name = object_name(
        step=study.kind, item=str(study.pk), epoch=study.attempts, extension=result.extension
    )
    key = object_key(study.grid.session.name, study.grid.slug, "studies", name)
    stored = current_store().write_atomic(key, lambda stream: stream.write(result.content))
    finish_work(
        ParticleStudy,
        study.pk,
        stored,
        message=result.message,
        told=result.told,
        diameter_angstrom=result.diameter_angstrom,
    )
