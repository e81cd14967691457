"""Which failures to write mean that there is no room; all others mean that something is broken."""

from __future__ import annotations

import errno

NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})


def means_no_room(error: OSError) -> bool:
    """A full disk, a used-up quota or a limit on files: making room mends it."""
    return error.errno in NO_ROOM
