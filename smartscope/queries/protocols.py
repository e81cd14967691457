"""The collection protocol of a grid or session, from its columns."""

from __future__ import annotations

from smartscope.domain.protocol import PARAMETER_NAMES, CollectionProtocol
from smartscope.models import CollectionParameters


def protocol_of(row: CollectionParameters) -> CollectionProtocol:
    """The row's parameters as one frozen value."""
    return CollectionProtocol(**{name: getattr(row, name) for name in PARAMETER_NAMES})
