"""Load and compile what the first analysis would otherwise wait for."""

from __future__ import annotations

from celery.signals import worker_init


@worker_init.connect(dispatch_uid="workers.warm_up")
def warm_up(**_: object) -> None:
    """Once per worker, before its first task: kernels are compiled, or read from their cache."""
    from smartscope.analysis import pipeline
    from smartscope.analysis.warm_up import make_grouping_ready
    from smartscope.image_memory import keep_image_memory
    from workers.analyses import run  # noqa: F401 (imports every analysis)

    keep_image_memory()
    make_grouping_ready()
    pipeline.cluster_holes([0.7 + 0.01 * n for n in range(8)], clusters=2)
