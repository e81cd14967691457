"""What a site's own trained network may be, and what it may become next.

candidate -> active -> retired -> active      a retired one may be taken back: rollback is a row
candidate -> retired
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class NetworkState(StrEnum):
    """At most one network is active per plug-in; none means the weights that are shipped."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"


NETWORK_MOVES: Mapping[NetworkState, frozenset[NetworkState]] = {
    NetworkState.CANDIDATE: frozenset({NetworkState.ACTIVE, NetworkState.RETIRED}),
    NetworkState.ACTIVE: frozenset({NetworkState.RETIRED}),
    NetworkState.RETIRED: frozenset({NetworkState.ACTIVE}),
}
