"""The morning report: as a page, as one file, on paper, as JSON and as a table."""

from __future__ import annotations

import csv
import io
import re
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.db import transaction
from pyarrow import parquet

from api.tables import PARQUET
from frontend.report.pdf import printer
from smartscope.analysis.previews.jpeg import preview_jpeg
from smartscope.domain.actor import BRIDGE
from smartscope.models import Exposure, Grid, Image
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.storage.current import current_store
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"
FOREIGN = re.compile(r"(?:href|src)=\"(?!data:|#)[^\"]+\"")


@pytest.fixture
def night(world: World, settings: Any, tmp_path: Any) -> World:
    """Our session with a picture of its atlas, a judged exposure and something that went wrong."""
    settings.SMARTSCOPE_STORAGE_URL = tmp_path.as_uri()
    ours = world.ours
    pixels = np.random.default_rng(3).normal(size=(300, 400)).astype(np.float32)
    ours.image.preview_key = "s/g/previews/atlas.jpg"
    current_store().write_atomic(
        ours.image.preview_key, lambda out: out.write(preview_jpeg(pixels))
    )
    ours.image.save()
    Exposure.objects.filter(pk=ours.exposure.pk).update(
        sum_image=ours.image, drift_total_angstrom=9.0, ice_thickness_nm=40.0
    )
    Grid.objects.filter(pk=ours.grid.pk).update(
        suggested_verdict="collect",
        verdict_reasons=["71 of 88 squares look good.", "<script>alert(1)</script>"],
        expected_usable_holes=5_120.0,
    )
    place = Scope(world.microscope.pk, ours.session.pk, ours.grid.pk)
    with transaction.atomic():
        told = Told(reason="AutofocusFailed: nothing to lock on.")
        record_event("step.failed", BRIDGE, place, told)
    return world


def page_of(world: World) -> str:
    """The path of our session's report."""
    return f"/s/{world.ours.session.name}/report"


def test_the_page_says_where_to_collect_and_why(as_: As, night: World) -> None:
    text = as_("viewer").get(page_of(night)).content.decode()
    assert "Collect on grid of ours (slot 1): about 5,120 usable holes expected." in text
    assert "71 of 88 squares look good." in text
    assert "Simulated data" in text
    assert "A step failed: nothing to lock on." in text
    assert f"api/v1/images/{night.ours.image.pk}/preview" in text


def test_what_people_and_finders_wrote_is_text_not_markup(as_: As, night: World) -> None:
    text = as_("viewer").get(page_of(night)).content.decode()
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_an_unfinished_night_says_what_is_missing(as_: As, night: World) -> None:
    text = as_("viewer").get(page_of(night)).content.decode()
    assert "The run is running; numbers still change." in text
    assert "Not finished: grid of ours, second." in text


def test_no_section_is_empty(as_: As, night: World) -> None:
    text = as_("viewer").get(page_of(night)).content.decode()
    assert not re.findall(r"<(ul|ol|dl|table|figure|section)[^>]*>\s*</\1>", text)
    assert not re.findall(r"<h[23][^>]*>\s*</h", text)
    empty_grid = text[text.index("second</h2>") if "second</h2>" in text else 0 :]
    assert "Incidents" not in empty_grid.partition('id="g02"')[2]


def test_one_file_carries_everything_inside(as_: As, night: World) -> None:
    answer = as_("viewer").get(f"{page_of(night)}.html")
    text = answer.content.decode()
    assert answer["Content-Disposition"] == 'attachment; filename="20261121_ours-report.html"'
    assert not FOREIGN.findall(text)
    assert "data:image/jpeg;base64," in text
    assert "font:" in text, "the style sheet must be inside"


def test_a_picture_that_storage_lost_leaves_a_gap_not_an_error(as_: As, night: World) -> None:
    Image.objects.filter(pk=night.ours.image.pk).update(preview_key="s/g/previews/gone.jpg")
    answer = as_("viewer").get(f"{page_of(night)}.html")
    assert answer.status_code == 200
    assert "data:image" not in answer.content.decode()


def test_one_grid_has_its_own_report(as_: As, night: World) -> None:
    text = as_("viewer").get(f"{page_of(night)}?grid=g01").content.decode()
    assert "Grid report" in text
    assert "second" not in text.partition("<main>")[2].partition('id="g01"')[2]
    assert as_("viewer").get(f"{page_of(night)}?grid=g99").status_code == 404


def test_paper_is_a_pdf_or_a_sentence(as_: As, night: World, monkeypatch: Any) -> None:
    if printer() is not None:
        answer = as_("viewer").get(f"{page_of(night)}.pdf")
        assert answer.content.startswith(b"%PDF-")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    answer = as_("viewer").get(f"{page_of(night)}.pdf")
    assert answer.status_code == 501
    assert "one file" in answer.content.decode()


def test_programs_get_the_same_numbers(as_: As, night: World) -> None:
    body = as_("viewer").get(f"{API}/sessions/{night.ours.session.pk}/report").json()
    assert body["answer"].startswith("Collect on grid of ours")
    first, second = body["grids"]
    assert (first["name"], first["expected_usable_holes"]) == ("grid of ours", 5120.0)
    assert first["micrographs"][0]["ctf_fit_angstrom"] == 4.1
    assert first["atlas"] == str(night.ours.image.pk)
    assert second["exposures"] == 0
    assert "preview_key" not in str(body), "the places of files on storage stay inside"


def test_a_spreadsheet_gets_a_row_per_grid_and_no_formula(as_: As, night: World) -> None:
    Grid.objects.filter(pk=night.ours.grid.pk).update(sample="=HYPERLINK(1)")
    answer = as_("viewer").get(f"{API}/sessions/{night.ours.session.pk}/report.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["grid"] for row in rows] == ["grid of ours", "second"]
    assert rows[0]["sample"] == "'=HYPERLINK(1)"
    assert rows[0]["simulated"] == "True"
    assert rows[1]["ctf_fit_median_angstrom"] == ""


@pytest.mark.parametrize("form", ["", ".html", ".pdf"])
def test_strangers_see_no_report(as_: As, night: World, form: str) -> None:
    assert as_("stranger").get(f"{page_of(night)}{form}").status_code == 404
    assert as_("viewer").get(f"/s/{uuid4()}/report{form}").status_code == 404


def test_a_data_frame_gets_the_same_columns_with_their_types(as_: As, night: World) -> None:
    path = f"{API}/sessions/{night.ours.session.pk}/report"
    answer = as_("viewer").get(f"{path}.parquet", headers={"Accept": PARQUET})
    assert (answer.status_code, answer["Content-Type"]) == (200, PARQUET)
    table = parquet.read_table(io.BytesIO(answer.content))
    spreadsheet = csv.DictReader(io.StringIO(as_("viewer").get(f"{path}.csv").content.decode()))
    assert table.column_names == spreadsheet.fieldnames
    for row, line in zip(table.to_pylist(), spreadsheet, strict=True):
        assert {name: "" if v is None else str(v) for name, v in row.items()} == line
    first, second = table.to_pylist()
    assert (first["grid"], first["place"], first["simulated"]) == ("grid of ours", 1, True)
    assert second["ctf_fit_median_angstrom"] is None
    assert str(table.schema.field("ctf_fit_median_angstrom").type) == "double"


@pytest.mark.parametrize("form", ["", ".csv", ".parquet"])
def test_strangers_programs_get_none_either(as_: As, night: World, form: str) -> None:
    path = f"{API}/sessions/{night.ours.session.pk}/report{form}"
    assert as_("stranger").get(path).status_code == 404
