"""The networks a site registered, and which of them are in use."""

from __future__ import annotations

from django.db.models import QuerySet

from smartscope.domain.networks import NetworkState
from smartscope.models import TrainedNetwork


def registered_networks() -> QuerySet[TrainedNetwork]:
    """All of them, by plug-in, the newest first."""
    return TrainedNetwork.objects.order_by("plugin", "-created_at")


def active_networks() -> dict[str, TrainedNetwork]:
    """Plug-in to the network it uses in place of the shipped one."""
    return {n.plugin: n for n in TrainedNetwork.objects.filter(state=NetworkState.ACTIVE)}
