"""`manage.py pick`: RELION reads what it writes; a bad file does not stop it; it goes on."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import starfile
from django.core.management import CommandError, call_command

from smartscope.analysis.picking.picks import Picks
from smartscope.analysis.picking.scoring import Truth, score_image, score_set
from tests.analysis.picking.pictures import DIAMETER_ANGSTROM, PIXEL_ANGSTROM, drawn


def written(path: Path) -> Path:
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(drawn()[0])
        file.voxel_size = PIXEL_ANGSTROM
    return path


def run(*files: Path, out: Path, **options: float | str) -> str:
    said = StringIO()
    call_command("pick", *map(str, files), out=out, stdout=said, **options)
    return said.getvalue()


def test_coordinates_are_read_back_and_lie_on_the_particles(tmp_path: Path) -> None:
    file, out = written(tmp_path / "one.mrc"), tmp_path / "picks"
    run(file, out=out)
    found = starfile.read(out / "one_autopick.star")
    centres = found[["rlnCoordinateX", "rlnCoordinateY"]].to_numpy(dtype=float)
    picture, true = drawn()
    picks = Picks(
        centres_px=centres, scores=np.ones(len(centres)), threshold=0.5, diameter_angstrom=None
    )
    known = Truth(
        centres_px=true, diameter_px=DIAMETER_ANGSTROM / PIXEL_ANGSTROM, shape=picture.shape
    )
    assert score_set([score_image(picks, known)]).f1 > 0.95
    listed = starfile.read(out / "autopick.star", always_dict=True)["coordinate_files"]
    assert list(listed["rlnMicrographCoordinates"]) == ["one_autopick.star"]
    summary = json.loads((out / "summary.json").read_text())
    assert summary["particles"] == len(centres)
    assert summary["diameter_angstrom"] == pytest.approx(DIAMETER_ANGSTROM, rel=0.1)


def test_a_bad_file_gives_its_reason_and_a_second_run_does_what_is_left(tmp_path: Path) -> None:
    out = tmp_path / "picks"
    bad = tmp_path / "bad.mrc"
    bad.write_bytes(b"nothing")
    good, later = written(tmp_path / "good.mrc"), tmp_path / "later.mrc"
    with pytest.raises(CommandError, match="2 files could not be picked"):
        run(bad, good, later, out=out, diameter=DIAMETER_ANGSTROM)
    before = (out / "good_autopick.star").stat().st_mtime_ns
    written(bad)
    written(later)
    said = run(bad, good, later, out=out, diameter=DIAMETER_ANGSTROM)
    assert "2 of 3 good.mrc" in said
    assert said.count("already there") == 1
    assert (out / "good_autopick.star").stat().st_mtime_ns == before
    assert {path.name for path in out.iterdir()} == {
        "bad_autopick.star",
        "good_autopick.star",
        "later_autopick.star",
        "autopick.star",
        "summary.json",
    }


def test_a_folder_of_other_picks_is_refused(tmp_path: Path) -> None:
    file, out = written(tmp_path / "one.mrc"), tmp_path / "picks"
    run(file, out=out, diameter=DIAMETER_ANGSTROM)
    with pytest.raises(CommandError, match="name another folder"):
        run(file, out=out, diameter=100.0)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(CommandError, match="Two files are called one"):
        run(tmp_path / "one.mrc", tmp_path / "other" / "one.mrc", out=tmp_path / "picks")
