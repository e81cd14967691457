"""Images whose file retention took away: what is said instead of reading it."""

from __future__ import annotations

from smartscope.domain.errors import Conflict
from smartscope.models import Image


def removed_words(image: Image) -> str:
    """For an image whose `removed_at` is set."""
    assert image.removed_at is not None
    return (
        f"The file of this image was removed on {image.removed_at:%Y-%m-%d}, as this facility "
        "keeps files for a limited time. Its preview and what was measured in it stay."
    )


def require_file(image: Image) -> None:
    """Raises Conflict `removed` where there is no file to read any more."""
    if image.removed_at is not None:
        raise Conflict(removed_words(image), code="removed")
