"""Rows for the benchmark of the page, written and changed by processes of the benchmark's site."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction

from benchmarks.ui_site import GRID, SESSION, slug
from smartscope.domain.actor import ANALYSIS, Actor
from smartscope.models import Exposure, Grid, Hole, Image, Square
from smartscope.operations.edit_targets import edit_squares
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.pending_edit import Manner
from smartscope.operations.square_edits import Wanted
from tests.browser import pictures
from tests.browser.stored import stored

LABELS = ("good", "thick", "empty")


def plant_square(number: int, holes: int) -> None:
    """A square with a lattice of that many holes, none exposed."""
    grid = Grid.objects.get(slug=GRID, session__name=SESSION)
    side = int(np.ceil(np.sqrt(holes)))
    pitch_px = 0.86 * pictures.SQUARE_PX / side
    places = [
        (
            0.07 * pictures.SQUARE_PX + pitch_px * (n % side),
            0.07 * pictures.SQUARE_PX + pitch_px * (n // side),
        )
        for n in range(holes)
    ]
    picture = stored(f"many-{number}", pictures.square(places[:1], 4.0, number))
    image = Image.objects.create(
        grid=grid,
        kind="square",
        key=f"{SESSION}/{GRID}/square/{slug(number)}.mrc",
        sha256="0" * 64,
        bytes=1,
        width_px=picture.width_px,
        height_px=picture.height_px,
        pixel_size_angstrom=600.0,
        taken_at_s=0.0,
        preview_key=f"{picture.key}.jpg",
        tiles_key=f"{picture.key}.zip",
    )
    square = Square.objects.create(
        grid=grid,
        number=number,
        slug=slug(number),
        status="analysed",
        x_px=700.0,
        y_px=700.0,
        outline_px=pictures.outline(700, 700, 50, 10),
        area_um2=3000.0,
        stage_x_um=0.0,
        stage_y_um=0.0,
        model_label="good",
        image=image,
        picture=image,
    )
    random = np.random.default_rng(number)
    ice = np.clip(random.normal(40, 25, holes), 4, 160)
    Hole.objects.bulk_create(
        Hole(
            square=square,
            number=n,
            slug=f"{square.slug}-h{n}",
            x_px=x,
            y_px=y,
            stage_x_um=0.06 * x,
            stage_y_um=0.06 * y,
            status="found",
            radius_um=0.03 * pitch_px * 0.7,
            model_label=LABELS[n % 3],
            ice_thickness_nm=float(ice[n]),
            ice_thickness_error_nm=4.0,
        )
        for n, (x, y) in enumerate(places)
    )


def edit_and_tell(times: int, every_s: float) -> None:
    """Labels another square each time; prints slug, label and when it was committed (s)."""
    person = User.objects.get(username="operator")
    actor = Actor("user", "operator", person.pk)
    squares = Square.objects.filter(grid__slug=GRID, external=False, status="rejected")
    told = []
    for square in list(squares.order_by("number")[:times]):
        label = "small" if square.model_label != "small" else "dry"
        manner = Manner(atomic=True, dry_run=False, summary="elsewhere")
        edit_squares(actor, [square.pk], Wanted(label=label, queue=None, skip=None), manner)
        told.append([square.slug, label, time.time()])
        time.sleep(every_s)
    sys.stdout.write(json.dumps(told))


def write_events(count: int, every_s: float) -> None:
    """Events as a running microscope writes them, faster."""
    grid = Grid.objects.get(slug=GRID, session__name=SESSION)
    scope = Scope(grid.session.microscope_id, grid.session_id, grid.pk)
    exposures = list(Exposure.objects.filter(hole__square__grid=grid).values_list("pk", flat=True))
    for number in range(count):
        with transaction.atomic():
            told = Told(subjects=[exposures[number % len(exposures)]])
            record_event("exposure.analysed", ANALYSIS, scope, told)
        time.sleep(every_s)
