"""Which finders look at an image: a site's own networks before what is shipped."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache

from smartscope.analysis.base import Finder
from smartscope.analysis.networks.site_networks import site_finder
from smartscope.domain.errors import SmartscopeError
from smartscope.models import TrainedNetwork
from smartscope.queries.networks import active_networks
from smartscope.storage.current import current_store

log = logging.getLogger(__name__)


def finders_of(chain: Sequence[str]) -> tuple[str | Finder, ...]:
    """`chain`, and before it the active networks of its plug-ins.

    A network that cannot be used is passed over, with its reason in the log: the night goes on.
    """
    active = active_networks()
    own = (_finder(active[name]) for name in chain if name in active)
    return (*(finder for finder in own if finder is not None), *chain)


def _finder(network: TrainedNetwork) -> Finder | None:
    try:
        return _loaded(network.plugin, network.sha256, network.key)
    except SmartscopeError as error:
        log.error("The active network of %s is not used: %s", network.plugin, error)
        return None


@lru_cache(maxsize=8)
def _loaded(plugin: str, sha256: str, key: str) -> Finder:
    """Once per process and checksum."""
    with current_store().local_copy(key) as path:
        graph = path.read_bytes()
    return site_finder(plugin, graph, sha256)
