"""A site's own weights for one of the networks: which file, what it reached, whether it is used."""

from __future__ import annotations

from django.db import models

from smartscope.domain.networks import NetworkState
from smartscope.models.base import Row, choices, one_of


class TrainedNetwork(Row):
    """The file is stored under `key`; a worker uses it only while its bytes have `sha256`."""

    #: the plug-in it is for, such as network-holes
    plugin = models.CharField(max_length=60)
    sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    size_bytes = models.PositiveBigIntegerField()
    #: what it was trained on, when it was more than simulated images
    data_sha256 = models.CharField(max_length=64, blank=True)
    #: as the trainer measured them on held-out images
    metrics = models.JSONField(default=dict)
    note = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=choices(NetworkState), default="candidate")
    activated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["plugin", "sha256"], name="one_row_per_network"),
            models.UniqueConstraint(
                fields=["plugin"],
                condition=models.Q(state="active"),
                name="one_active_network_per_plugin",
            ),
            one_of("state", NetworkState, "trained_network_state"),
        )
