"""Let workers use a registered network, or go back to another or to the shipped one."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.errors import NotFound
from smartscope.domain.networks import NETWORK_MOVES, NetworkState
from smartscope.domain.status import moved
from smartscope.models import TrainedNetwork
from smartscope.operations.event_log import Scope, Told, record_event


@transaction.atomic
def activate_network(actor: Actor, network_id: UUID) -> None:
    """From now on images are looked at with it; the one before is retired in the same moment.

    Raises NotFound, and IllegalTransition when it is active already.
    """
    network = _locked(network_id)
    before = (
        TrainedNetwork.objects.select_for_update()
        .filter(plugin=network.plugin, state=NetworkState.ACTIVE)
        .first()
    )
    _move(network, NetworkState.ACTIVE, check_only=True)
    if before is not None:
        _move(before, NetworkState.RETIRED)
    _move(network, NetworkState.ACTIVE)
    record_event(
        "network.activated",
        actor,
        Scope(),
        Told(
            subjects=[network.pk],
            before={"sha256": "shipped" if before is None else before.sha256},
            after={"plugin": network.plugin, "sha256": network.sha256},
        ),
    )


@transaction.atomic
def retire_network(actor: Actor, network_id: UUID) -> None:
    """Stop using it; its plug-in goes back to the shipped weights. Raises as activating does."""
    network = _locked(network_id)
    _move(network, NetworkState.RETIRED)
    record_event(
        "network.retired",
        actor,
        Scope(),
        Told(subjects=[network.pk], after={"plugin": network.plugin, "sha256": network.sha256}),
    )


def _locked(network_id: UUID) -> TrainedNetwork:
    network = TrainedNetwork.objects.select_for_update().filter(pk=network_id).first()
    if network is None:
        raise NotFound(f"There is no network {network_id}; manage.py networks lists them.")
    return network


def _move(network: TrainedNetwork, to: NetworkState, *, check_only: bool = False) -> None:
    state = moved(NETWORK_MOVES, NetworkState(network.state), to, "network")
    if check_only:
        return
    network.state = state
    if to is NetworkState.ACTIVE:
        network.activated_at = timezone.now()
    network.save(update_fields=["state", "activated_at", "updated_at"])
