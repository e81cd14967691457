"""`process` turns movies into files that programs read, goes on after a broken one, and resumes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import starfile
from django.core.management import CommandError, call_command

from smartscope.analysis.io.mrc import save_mrc
from smartscope.analysis.io.tiff import save_tiff_stack
from tests.analysis.io.event_lists import write_eer
from tests.analysis.movies.moving_specimen import burst_and_drift, record

PIXEL_ANGSTROM = 1.2


def film(path: Path, *, frames: int = 8, seed: int = 1) -> Path:
    recorded = record(
        burst_and_drift(frames), shape=(256, 320), dose_per_frame=2.0, contrast=0.3, seed=seed
    )
    save_tiff_stack(path, recorded.movie.counts, lzw=True)
    return path


def process(folder: Path, *movies: Path, **options: object) -> str:
    said = io.StringIO()
    asked = {"pixel_size": PIXEL_ANGSTROM, "dose": 2.0, "voltage": 300.0, **options}
    call_command("process", *map(str, movies), out=folder, stdout=said, **asked)
    return said.getvalue()


def test_sums_motion_and_a_star_file_are_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = process(out, film(tmp_path / "a.tif"), film(tmp_path / "b.tif", seed=2))
    assert "2 of 2 movies" in said
    pictures = {}
    for kind in ("sum", "weighted", "even", "odd"):
        with mrcfile.open(out / f"a_{kind}.mrc") as mrc:
            assert mrc.data is not None
            assert mrc.data.shape == (256, 320)
            assert mrc.voxel_size.x == pytest.approx(PIXEL_ANGSTROM)
            pictures[kind] = np.array(mrc.data)
    assert np.allclose(pictures["even"] + pictures["odd"], pictures["sum"], atol=1e-3)
    star = starfile.read(out / "micrographs.star")
    assert list(star["optics"]["rlnVoltage"]) == [300.0]
    assert list(star["micrographs"]["rlnMicrographName"]) == ["a_weighted.mrc", "b_weighted.mrc"]
    motion = starfile.read(out / "a_motion.star")
    expected = burst_and_drift(8)
    undone = motion[["rlnMicrographShiftX", "rlnMicrographShiftY"]].to_numpy() * PIXEL_ANGSTROM
    assert np.abs(undone + (expected - expected[0])).max() < 1.0


def test_what_is_done_is_not_done_again_unless_something_changed(tmp_path: Path) -> None:
    out, movie = tmp_path / "out", film(tmp_path / "a.tif")
    process(out, movie)
    before = (out / "a_sum.mrc").stat().st_mtime_ns
    assert "a.tif: done before" in process(out, movie)
    assert (out / "a_sum.mrc").stat().st_mtime_ns == before
    assert "done before" not in process(out, movie, dose=1.0)
    film(movie, seed=3)
    assert "done before" not in process(out, movie, dose=1.0)
    record_of = out / "a.json"
    record_of.write_text(record_of.read_text()[:40])
    assert "done before" not in process(out, movie, dose=1.0)


def test_a_broken_movie_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    good, cut = film(tmp_path / "good.tif"), film(tmp_path / "cut.tif")
    cut.write_bytes(cut.read_bytes()[:-4000])
    said = io.StringIO()
    with pytest.raises(CommandError, match="2 of 3 movies failed"):
        call_command(
            "process",
            str(cut),
            str(tmp_path / "missing.tif"),
            str(good),
            out=tmp_path / "out",
            pixel_size=PIXEL_ANGSTROM,
            voltage=300.0,
            stdout=said,
        )
    assert "cut.tif: FAILED" in said.getvalue()
    assert "missing.tif: FAILED" in said.getvalue()
    assert "not weighted: no dose known" in said.getvalue()
    left = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert [name for name in left if name.startswith("cut")] == []
    star = starfile.read(tmp_path / "out" / "micrographs.star", always_dict=True)
    assert list(star["micrographs"]["rlnMicrographName"]) == ["good_sum.mrc"]


def test_what_the_file_beside_says_is_used_and_compared(tmp_path: Path) -> None:
    movie = film(tmp_path / "a.tif")
    mdoc = tmp_path / "a.tif.mdoc"
    mdoc.write_text(
        "Voltage = 200\n\n[FrameSet = 0]\nPixelSpacing = 1.2\nExposureDose = 16\nNumSubFrames = 8\n"
    )
    process(tmp_path / "out", movie, pixel_size=None, dose=None, voltage=None)
    said = json.loads((tmp_path / "out" / "a.json").read_text())
    assert (said["pixel_size_angstrom"], said["voltage_kv"]) == (1.2, 200.0)
    assert said["dose_per_frame_e_per_a2"] == pytest.approx(2.0)
    mdoc.write_text(mdoc.read_text().replace("NumSubFrames = 8", "NumSubFrames = 40"))
    told = io.StringIO()
    with pytest.raises(CommandError):
        call_command("process", str(movie), out=tmp_path / "other", stdout=told)
    assert "promises 40" in told.getvalue()


def test_a_gain_of_another_size_is_told(tmp_path: Path) -> None:
    movie, gain = film(tmp_path / "a.tif"), tmp_path / "gain.mrc"
    save_mrc(gain, np.ones((320, 256), np.float32), pixel_size_angstrom=1.0)
    told = io.StringIO()
    with pytest.raises(CommandError):
        call_command(
            "process",
            str(movie),
            out=tmp_path / "out",
            pixel_size=1.2,
            voltage=300.0,
            gain=gain,
            stdout=told,
        )
    assert "another orientation" in told.getvalue()
    said = process(tmp_path / "out", movie, gain=gain, gain_orientation="turned_90")
    assert "1 of 1 movies" in said


def test_event_lists_are_processed(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    raw = [rng.random((128, 160)) < 0.05 for _ in range(12)]
    write_eer(tmp_path / "a.eer", raw)
    process(tmp_path / "out", tmp_path / "a.eer", eer_fractions=4)
    with mrcfile.open(tmp_path / "out" / "a_sum.mrc") as mrc:
        assert np.array_equal(mrc.data, np.sum(raw, axis=0))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"pixel_size": 300.0}, "no movie's pixel"),
        ({"dose": -1.0}, "cannot be"),
        ({"voltage": 3.0}, "voltage_kv"),
        ({"gain": Path("/nowhere/gain.mrc")}, "no file"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_opened(
    tmp_path: Path, options: dict[str, object], complaint: str
) -> None:
    with pytest.raises(CommandError, match=complaint):
        process(tmp_path / "out", film(tmp_path / "a.tif"), **options)
    assert not (tmp_path / "out").exists()


def test_two_movies_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(CommandError, match="Several movies are called a"):
        process(tmp_path / "out", film(tmp_path / "a.tif"), film(tmp_path / "x" / "a.tif"))
