"""Take a trained network's file into storage, as a candidate that nobody uses yet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.db import transaction

from smartscope.analysis import registry
from smartscope.analysis.networks.site_networks import prove_weights
from smartscope.domain.actor import Actor
from smartscope.domain.errors import InvalidInput
from smartscope.models import TrainedNetwork
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.storage.current import current_store
from smartscope.storage.keys import object_key

FOLDER = "networks"
LARGEST_BYTES = 500 * 2**20


def register_network(
    actor: Actor,
    *,
    plugin: str,
    file: Path,
    metrics: Mapping[str, float | str],
    data_sha256: str = "",
    note: str = "",
) -> TrainedNetwork:
    """The new row, or the one that is there for the same bytes.

    The network is loaded and must answer awkward images first. Raises InvalidInput for a plug-in
    that uses no weights and a file that does not work.
    """
    try:
        size = file.stat().st_size
        graph = file.read_bytes() if size <= LARGEST_BYTES else b""
    except OSError as error:
        raise InvalidInput({"file": f"{file} cannot be read: {error.strerror}."}) from error
    if not graph:
        raise InvalidInput({"file": f"{file} has {size} bytes; a network has 1 to 500 MB."})
    try:
        sha256 = prove_weights(plugin, graph)
    except registry.PluginUnavailable as error:
        raise InvalidInput({"file": str(error)}) from error
    key = object_key(FOLDER, plugin, "weights", f"{sha256}.onnx")
    current_store().write_atomic(key, lambda stream: stream.write(graph))
    return _record(
        actor,
        TrainedNetwork(
            plugin=plugin,
            sha256=sha256,
            key=key,
            size_bytes=size,
            data_sha256=data_sha256,
            metrics=dict(metrics),
            note=note,
        ),
    )


@transaction.atomic
def _record(actor: Actor, wanted: TrainedNetwork) -> TrainedNetwork:
    there = TrainedNetwork.objects.filter(plugin=wanted.plugin, sha256=wanted.sha256).first()
    if there is not None:
        return there
    wanted.save(force_insert=True)
    record_event(
        "network.registered",
        actor,
        Scope(),
        Told(subjects=[wanted.pk], after={"plugin": wanted.plugin, "sha256": wanted.sha256}),
    )
    return wanted
