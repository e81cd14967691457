"""Keys and URLs of one store, and how to tell them apart."""

from __future__ import annotations

from smartscope.domain.errors import InvalidInput
from smartscope.storage.keys import check_key


def key_of(address: str, root_url: str) -> str:
    """The key that an address (a key, or a URL below `root_url`) stands for.

    Raises `InvalidInput` for a URL of another store and for an unsafe key.
    """
    if "://" not in address:
        return check_key(address)
    prefix = f"{root_url}/"
    if not address.startswith(prefix):
        raise InvalidInput(
            {"address": f"{address!r} is not in this storage, whose addresses begin {prefix}."}
        )
    return check_key(address.removeprefix(prefix))
