"""How the house stands: checks for people, figures for a metrics collector."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import asdict
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from rest_framework.authentication import get_authorization_header
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.schema import Doc
from api.serializers.health import HealthSerializer
from api.views.base import View
from smartscope.client_address import client_address
from smartscope.queries.figures import EDGES_S, Figures, figures
from smartscope.queries.health_details import health_details


class Details(View):
    """Services, queues, plug-ins, microscopes and versions; a check that cannot run is bad."""

    docs = {
        "GET": Doc(
            operation_id="get_health_details", summary="How it all stands", answer=HealthSerializer
        )
    }

    def get(self, request: Request) -> Response:
        return Response(HealthSerializer(asdict(health_details())).data)


class ReadsMetrics(BasePermission):
    """The collector's own token, or an address on the site's list."""

    message = "Send the metrics token as a bearer, or ask from an address on the list."

    def has_permission(self, request: Request, view: APIView) -> bool:
        words = get_authorization_header(request).split()
        wanted = settings.METRICS_TOKEN.encode()
        if wanted and len(words) == 2 and words[0].lower() == b"bearer":
            return hmac.compare_digest(words[1], wanted)
        told = client_address(request._request)  # noqa: SLF001 (the request Django made)
        hidden = "X-Forwarded-For" in request.headers and not settings.TRUSTED_PROXIES
        if not told or hidden:
            # behind a proxy that nobody named, everybody has the proxy's address
            return False
        # an IPv6 client is told as its network: all of it must be on the list
        asked = ip_network(told, strict=False)
        return any(
            asked.version == one.version and asked.subnet_of(one)  # type: ignore[arg-type]
            for one in settings.METRICS_NETWORKS
        ) or (asked.version == 6 and ip_address("::1") in asked and _loopback_listed())


def _loopback_listed() -> bool:
    return any(ip_address("::1") in one for one in settings.METRICS_NETWORKS if one.version == 6)


class Metrics(View):
    """Figures in Prometheus' text form, for a collector that is on the list or has the token."""

    authentication_classes = ()
    permission_classes = (AllowAny, ReadsMetrics)
    throttle_classes = ()
    docs = {
        "GET": Doc(
            operation_id="get_metrics",
            summary="Figures for a collector",
            answer=OpenApiTypes.STR,
            media_type="text/plain",
        )
    }

    def get(self, request: Request) -> HttpResponse:
        registry = CollectorRegistry()
        registry.register(_Now(figures()))
        return HttpResponse(
            generate_latest(registry), content_type="text/plain; version=0.0.4; charset=utf-8"
        )


class _Now:
    """One moment's figures, as the client library wants to collect them."""

    def __init__(self, found: Figures) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        found = self._found
        image = GaugeMetricFamily(
            "screening_seconds_since_last_image", "Since the last image", labels=["microscope"]
        )
        for name, seconds in found.since_last_image_s.items():
            image.add_metric([name], seconds)
        waits = CounterMetricFamily(
            "screening_wait_seconds", "Time in which nothing was done", labels=["reason"]
        )
        for cause, seconds in found.wait_s.items():
            waits.add_metric([cause], seconds)
        steps = CounterMetricFamily("screening_steps", "Steps", labels=["kind", "outcome"])
        for (kind, outcome), number in found.steps.items():
            steps.add_metric([kind, outcome], number)
        stages = HistogramMetricFamily(
            "screening_analysis_seconds", "From begin to end of an analysis", labels=["stage"]
        )
        for stage in found.stages:
            buckets: list[Any] = [
                (str(edge), n) for edge, n in zip(EDGES_S, stage.within, strict=True)
            ]
            stages.add_metric([stage.kind], [*buckets, ("+Inf", stage.count)], stage.seconds)
        queue = GaugeMetricFamily("screening_queue_depth", "Analyses to come", labels=["stage"])
        for kind, number in found.queued.items():
            queue.add_metric([kind], number)
        epochs = GaugeMetricFamily(
            "screening_lease_epoch", "Epoch of the lease", labels=["microscope"]
        )
        for name, epoch in found.epochs.items():
            epochs.add_metric([name], epoch)
        head = GaugeMetricFamily("screening_event_head_seq", "Newest event", found.head_seq)
        disk = GaugeMetricFamily("screening_disk_free_bytes", "Room for data", found.free_bytes)
        hooks = CounterMetricFamily(
            "screening_webhook_failures", "Tries that no receiver took", found.webhook_failures
        )
        return [image, waits, steps, stages, queue, epochs, head, disk, hooks]
