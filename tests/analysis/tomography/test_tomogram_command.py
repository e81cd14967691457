"""`manage.py tomogram` turns files into files, goes on where it stopped, and says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from smartscope.analysis.io.mrc import save_mrc
from smartscope.analysis.tomography import projector, reconstruct, volume_job
from smartscope.analysis.tomography.reconstruct import Prepared, Settings
from tests.analysis.tomography.blob_slab import counts, volume

ANGLES = np.arange(-60.0, 61.0, 4.0)
SIDE, PIXEL = 64, 10.0


@pytest.fixture
def series(tmp_path: Path) -> Path:
    path = tmp_path / "series.mrc"
    save_mrc(path, counts(ANGLES, SIDE, axis_deg=3.0, mean=5000.0), pixel_size_angstrom=PIXEL)
    lines = "\n".join(f"{angle:.1f}" for angle in ANGLES)
    (tmp_path / "series.tlt").write_text(lines + "\n", encoding="utf-8")
    return path


def run(series: Path, **options: Any) -> str:
    said = StringIO()
    given = {"thickness": 32.0, "angles": series.with_suffix(".tlt"), "axis": 3.0} | options
    call_command("tomogram", series, out=series.parent / "made", stdout=said, **given)
    return said.getvalue()


def likeness(path: Path) -> float:
    with mrcfile.open(path) as file:
        inner = (slice(4, -4), slice(6, -6), slice(6, -6))
        assert file.voxel_size.x == pytest.approx(PIXEL)
        assert file.is_volume()
        found = np.corrcoef(file.data[inner].ravel(), volume(32, SIDE)[inner].ravel())
    return float(found[0, 1])


def test_a_volume_is_made_from_files_and_not_made_twice(series: Path) -> None:
    assert "slab 1 of" in run(series)
    made = series.parent / "made" / "series_wbp.mrc"
    assert likeness(made) > 0.55
    before = made.stat().st_mtime_ns
    assert "was there already" in run(series)
    assert made.stat().st_mtime_ns == before
    assert not list(made.parent.glob(".*.parts"))
    with pytest.raises(CommandError, match="made otherwise"):
        run(series, axis=0.0)


def test_a_stopped_run_goes_on_with_the_next_slab(
    series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector, "SLAB_BYTES", 4 * 32 * SIDE * 16)
    real: Callable[..., Any] = reconstruct.slab
    done: list[int] = []

    def stopping(prepared: Prepared, settings: Settings, rows: slice) -> Any:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(rows.start)
        return real(prepared, settings, rows)

    monkeypatch.setattr(volume_job, "slab", stopping)
    with pytest.raises(KeyboardInterrupt):
        run(series)
    assert not (series.parent / "made" / "series_wbp.mrc").exists()
    again: list[int] = []

    def counting(prepared: Prepared, settings: Settings, rows: slice) -> Any:
        again.append(rows.start)
        return real(prepared, settings, rows)

    monkeypatch.setattr(volume_job, "slab", counting)
    run(series)
    assert done == [0, 16]
    assert again == [32, 48]
    assert likeness(series.parent / "made" / "series_wbp.mrc") > 0.55


def test_halves_and_a_denoised_volume(series: Path) -> None:
    run(series, halves=True, denoise="wiener")
    made = series.parent / "made"
    assert {path.name for path in made.glob("*.mrc")} == {
        "series_wbp.mrc",
        "series_even.mrc",
        "series_odd.mrc",
        "series_wiener.mrc",
    }
    assert likeness(made / "series_wiener.mrc") > likeness(made / "series_even.mrc")


def test_an_alignment_is_found_once_and_kept_for_others(series: Path) -> None:
    said = run(series, align=True, axis=1.0)
    assert "The axis lies at" in said
    assert len((series.parent / "made" / "series_aligned.xf").read_text().splitlines()) == len(
        ANGLES
    )
    assert "The axis lies" not in run(series, align=True, axis=1.0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"angles": Path("absent.tlt")}, "no file absent.tlt"),
        ({"denoise": "wiener"}, "needs two halves"),
        ({"even": "series"}, "both --even and --odd"),
        ({"thickness": 1.0}, "too thin"),
        ({"bin": 0}, "--bin must be 1"),
    ],
)
def test_what_is_wrong_is_said(series: Path, options: dict[str, Any], sentence: str) -> None:
    if options.get("even"):
        options = {"even": series}
    with pytest.raises(CommandError, match=sentence):
        run(series, **options)


def test_angles_of_another_series_are_refused(series: Path) -> None:
    series.with_suffix(".tlt").write_text("-3\n0\n3\n" * 30, encoding="utf-8")
    with pytest.raises(CommandError, match="the stack holds 31"):
        run(series)
