"""An image nothing is found out from: made visible."""

from __future__ import annotations

from smartscope.analysis.io.image import read_image
from smartscope.models import Analysis
from smartscope.operations.record_preview import record_preview
from smartscope.storage.current import current_store
from workers.analyses.pictures import write_preview


def make_preview(analysis: Analysis) -> None:
    """Raises BadFile for an image that cannot be read; recording is idempotent."""
    with current_store().local_copy(analysis.image.key) as path:
        preview_key = write_preview(analysis.image.key, read_image(path).pixels)
    record_preview(analysis.pk, preview_key)
