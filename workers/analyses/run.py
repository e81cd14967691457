"""Do one analysis from its row to its result; safe to be done twice, or to be killed anywhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from uuid import UUID

from smartscope.domain.errors import BadFile, InvalidInput, NotFound, SmartscopeError
from smartscope.models import Analysis
from smartscope.operations.begin_analysis import Start, begin_analysis
from smartscope.operations.fail_analysis import fail_analysis
from smartscope.operations.want_denoised import DENOISE
from smartscope.operations.want_fine_sum import FINE_SUM
from smartscope.operations.want_picks import PICK
from workers.analyses import wanted
from workers.analyses.atlas import find_squares
from workers.analyses.denoise import denoise
from workers.analyses.exposure import measure
from workers.analyses.fine_sum import make_fine_sum
from workers.analyses.heartbeat import heartbeat
from workers.analyses.picks import find_particles
from workers.analyses.preview import make_preview
from workers.analyses.square import find_holes

log = logging.getLogger(__name__)

WORK: Mapping[str, Callable[[Analysis], None]] = {
    wanted.FIND_SQUARES: find_squares,
    wanted.FIND_HOLES: find_holes,
    wanted.MEASURE_EXPOSURE: measure,
    wanted.PREVIEW: make_preview,
    FINE_SUM: make_fine_sum,
    PICK: find_particles,
    DENOISE: denoise,
}


def run_analysis(analysis_id: UUID) -> None:
    """Begin, work, record. A broken file or setting ends it; other failures are tried again."""
    if begin_analysis(analysis_id) is not Start.GO:
        return
    analysis = Analysis.objects.select_related(
        "image__grid__session__microscope", "image__grid__session__detector"
    ).get(pk=analysis_id)
    try:
        with heartbeat(analysis_id):
            WORK[analysis.kind](analysis)
    except (BadFile, NotFound, InvalidInput) as error:
        fail_analysis(analysis_id, str(error), final=True)
    except SmartscopeError as error:
        fail_analysis(analysis_id, str(error), final=False)
    except Exception as error:
        log.exception("Analysis %s of image %s failed", analysis.kind, analysis.image_id)
        fail_analysis(analysis_id, f"{type(error).__name__}: {error}", final=False)
