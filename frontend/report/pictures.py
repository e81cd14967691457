"""Where the report's pictures come from: the API for a page, the file itself for a single file."""

from __future__ import annotations

import base64
from collections.abc import Callable

from smartscope.domain.errors import NotFound
from smartscope.queries.report.values import Picture
from smartscope.storage.current import current_store

Source = Callable[[Picture], str]


def by_address(picture: Picture) -> str:
    """Relative to the site: the browser asks as the person who is signed in."""
    return f"api/v1/images/{picture.image}/preview"


def inside_the_file(picture: Picture) -> str:
    """The preview as a data URI; "" when storage lost it, which the reader sees as a gap."""
    try:
        with current_store().open(picture.preview_key) as stream:
            content = base64.b64encode(stream.read()).decode()
    except NotFound:
        return ""
    return f"data:image/jpeg;base64,{content}"
