"""A real Celery worker on the real Redis, killed in the middle of a movie: nothing is lost."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.utils import timezone

from smartscope.analysis.io.tiff import save_tiff_stack
from smartscope.models import Analysis, Event, Exposure, Grid, Hole, Image, ImageKind, Square
from smartscope.operations.begin_analysis import SILENCE
from smartscope.servers.children import Child
from tests.system.conftest import Services
from tests.workers.night import grid_with_atlas, image_of, wanted
from workers.sweeper import sweep

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.system, pytest.mark.timeout(180)]

PATIENCE_S = 90.0


def exposure_just_taken(images: Path, *, frames: int) -> Analysis:
    """A hole exposed a moment ago: its movie is on disk, its measurement is wanted."""
    grid = grid_with_atlas()
    Analysis.objects.all().delete()
    movie = image_of(grid, ImageKind.MOVIE, at_s=300.0)
    movie.key = "night/g01/movie/00007_h0001_e1.tif"
    movie.width_px = movie.height_px = 1024
    movie.sections, movie.dose_e_per_angstrom2, movie.pixel_size_angstrom = frames, 40.0, 1.6
    movie.save()
    path = images / movie.key
    path.parent.mkdir(parents=True)
    counts = np.random.default_rng(7).poisson(1.5, (frames, 1024, 1024)).astype(np.uint8)
    save_tiff_stack(path, counts, lzw=False)
    Exposure.objects.create(
        hole=exposed_hole(grid),
        slug="g01-s01-h001-e1",
        movie=movie,
        status="transferred",
        pixel_size_angstrom=1.6,
        dose_e_per_angstrom2=40.0,
        exposed_at_s=300.0,
    )
    return wanted(movie, "measure_exposure", plugin="whole-frame")


def exposed_hole(grid: Grid) -> Hole:
    place = {"number": 1, "stage_x_um": 0.0, "stage_y_um": 0.0, "x_px": 0.0, "y_px": 0.0}
    square = Square.objects.create(grid=grid, slug="g01-s01", status="analysed", **place)
    return Hole.objects.create(
        square=square, slug="g01-s01-h001", status="imaged", radius_um=0.6, **place
    )


def worker(services: Services) -> Child:
    return services.start(
        "worker",
        [
            *(sys.executable, "-m", "celery", "--app", "smartscope.celery", "worker"),
            *("--pool", "threads", "--concurrency", "1", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle"),
        ],
    )


def until(what: Callable[[], bool], services: Services) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < give_up_at, services.log("worker")
        time.sleep(0.02)


def state_of(analysis: Analysis) -> str:
    analysis.refresh_from_db()
    return str(analysis.state)


def test_a_movie_whose_worker_is_killed_is_measured_once_by_the_next(services: Services) -> None:
    analysis = exposure_just_taken(services.logs / "data" / "images", frames=24)
    first = worker(services)
    assert sweep(timezone.now() + timedelta(seconds=60)) == 1
    until(lambda: state_of(analysis) == "running", services)
    os.killpg(first.process.pid, signal.SIGKILL)
    first.process.wait(10)
    assert state_of(analysis) == "running"

    worker(services)
    long_ago = timezone.now() - SILENCE  # nothing was said, nor hinted, since
    Analysis.objects.update(beat_at=long_ago, nudged_at=long_ago)
    assert sweep(timezone.now()) == 1
    until(lambda: state_of(analysis) == "done", services)

    assert analysis.attempts >= 2
    exposure = Exposure.objects.get()
    assert exposure.status == "analysed"
    assert exposure.sum_image is not None
    assert Image.objects.filter(kind=ImageKind.SUM).count() == 1
    assert Event.objects.filter(kind="exposure.analysed").count() == 1


def test_a_movie_measured_by_two_workers_at_once_has_one_result(services: Services) -> None:
    """F16: the first is frozen until nobody believes in it, and ends its work after the second."""
    images = services.logs / "data" / "images"
    analysis = exposure_just_taken(images, frames=24)
    frozen = worker(services)
    assert sweep(timezone.now() + timedelta(seconds=60)) == 1
    until(lambda: state_of(analysis) == "running", services)
    os.killpg(frozen.process.pid, signal.SIGSTOP)
    try:
        second = worker(services)
        long_ago = timezone.now() - SILENCE
        Analysis.objects.update(beat_at=long_ago, nudged_at=long_ago)
        assert sweep(timezone.now()) == 1
        until(lambda: Analysis.objects.get().attempts == 2, services)
    finally:
        os.killpg(frozen.process.pid, signal.SIGCONT)
    until(lambda: services.log("worker").count("succeeded in") == 2, services)
    assert second.ended_with() is None

    assert state_of(analysis) == "done"
    assert Exposure.objects.get().sum_image is not None
    sums = Image.objects.get(kind=ImageKind.SUM)
    assert hashlib.sha256((images / sums.key).read_bytes()).hexdigest() == sums.sha256
    assert Event.objects.filter(kind="exposure.analysed").count() == 1
    assert not list(images.rglob("*.part"))


def test_work_stranded_while_redis_forgot_everything_is_nudged_again(services: Services) -> None:
    analysis = exposure_just_taken(services.logs / "data" / "images", frames=2)
    assert sweep(timezone.now() + timedelta(seconds=60)) == 1
    _forget_everything(services.environment["REDIS_URL"])
    worker(services)
    assert sweep(timezone.now() + timedelta(hours=1)) == 1
    until(lambda: state_of(analysis) == "done", services)


def _forget_everything(url: str) -> None:
    import redis

    with redis.Redis.from_url(url) as server:
        server.flushdb()
