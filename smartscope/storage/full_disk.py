"""Which operating-system errors mean that there is no room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from smartscope.domain.errors import StorageFull
from smartscope.domain.no_room import means_no_room


@contextmanager
def storage_full_when_no_room(what: str) -> Iterator[None]:
    """Turn `OSError`s that mean a full disk, quota or file limit into `StorageFull`."""
    try:
        yield
    except OSError as error:
        if means_no_room(error):
            raise StorageFull(
                f"No room to write {what} ({error.strerror}); nothing was registered. "
                "Free space on the storage or raise its quota, then let the step run again."
            ) from error
        raise
