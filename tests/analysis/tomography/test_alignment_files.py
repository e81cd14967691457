"""What IMOD, AreTomo and SerialEM write is read as they mean it; the rest is refused by line."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from smartscope.analysis.tomography.alignment_files import read_geometry
from smartscope.domain.errors import BadFile, InvalidInput

ANGLES = (-40.0, -20.0, 0.0, 20.0, 40.0)


def tlt(folder: Path) -> Path:
    path = folder / "series.tlt"
    path.write_text("\n".join(f"  {angle:.2f}" for angle in ANGLES) + "\n", encoding="utf-8")
    return path


def test_an_xf_turns_and_moves_pictures_as_imod_does(tmp_path: Path) -> None:
    turn, scale, shift = math.radians(-9.0), 1.02, np.array([3.5, -2.0])
    matrix = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]) / scale
    moved = -matrix @ shift
    line = " ".join(f"{value:.7f}" for value in (*matrix.ravel(), *moved))
    (tmp_path / "series.xf").write_text("\n".join([line] * 5), encoding="utf-8")
    found = read_geometry(tlt(tmp_path), tmp_path / "series.xf")
    assert found.angles_deg == pytest.approx(np.array(ANGLES))
    assert found.axis_deg == pytest.approx(np.full(5, 9.0), abs=1e-4)
    assert found.scale == pytest.approx(np.full(5, 1.02), abs=1e-5)
    assert found.shifts_px == pytest.approx(np.tile(shift, (5, 1)), abs=1e-4)


@pytest.mark.parametrize("first", [0, 1])
def test_an_aln_keeps_its_sections_and_leaves_dark_pictures_out(tmp_path: Path, first: int) -> None:
    rows = [(0, -40.0), (1, -20.0), (3, 20.0), (4, 40.0)]
    text = "# AreTomo Alignment / Priims bprmMn\n# RawSize = 512 400 5\n# NumPatches = 0\n"
    text += "# DarkFrame =     2    2     0.00\n# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT\n"
    for section, angle in rows:
        text += f"{section + first} 85.3 1.0 {section}.5 -1.25 1.0 1.0 1.0 0.0 {angle}\n"
    text += "# Local Alignment\n 0 0 1.0 2.0 3.0 4.0 1.0\n"
    (tmp_path / "series.aln").write_text(text, encoding="utf-8")
    found = read_geometry(tmp_path / "series.aln")
    assert found.sections.tolist() == [0, 1, 3, 4]
    assert found.axis_deg == pytest.approx(np.full(4, 85.3))
    assert found.shifts_px[2] == pytest.approx([3.5, -1.25])
    assert found.angles_deg == pytest.approx([-40.0, -20.0, 20.0, 40.0])


def test_an_mdoc_gives_axis_and_dose_in_the_order_taken(tmp_path: Path) -> None:
    text = "PixelSpacing = 2.7\n\n[T = Tilt axis angle = 84.7, binning = 1  spot = 8]\n\n"
    minutes = (4, 2, 0, 1, 3)
    for number, (angle, minute) in enumerate(zip(ANGLES, minutes, strict=True)):
        text += f"[ZValue = {number}]\nTiltAngle = {angle}\nExposureDose = 3.0\n"
        text += f"DateTime = 20-Nov-26  18:0{minute}:00\n\n"
    (tmp_path / "series.mdoc").write_text(text, encoding="utf-8")
    found = read_geometry(tmp_path / "series.mdoc")
    assert found.axis_deg == pytest.approx(np.full(5, 84.7))
    assert found.dose_before_e_per_a2 is not None
    assert found.dose_before_e_per_a2.tolist() == [12.0, 6.0, 0.0, 3.0, 9.0]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.tlt", "1.0\ntwo\n", "Line 2 of a.tlt is no angle"),
        ("a.tlt", "", "no angle"),
        ("a.mdoc", "[ZValue = 0]\nTiltAngle = 3\n\n[ZValue = 1]\nSpotSize = 3\n", "picture 2"),
        ("a.aln", "# RawSize = 1 1 1\n1 2 3\n", "10 numbers"),
        ("a.txt", "1\n2\n3\n", "none of .tlt"),
        ("a.tlt", "1\n2\n", "at least 3"),
    ],
)
def test_what_is_no_geometry_is_refused(
    tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises((BadFile, InvalidInput), match=sentence):
        read_geometry(tmp_path / name)


def test_transforms_of_another_series_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xf").write_text("1 0 0 1 0 0\n1 0 0 1 0 0\n", encoding="utf-8")
    with pytest.raises(BadFile, match="2 lines for 5 tilts"):
        read_geometry(tlt(tmp_path), tmp_path / "a.xf")
    (tmp_path / "b.xf").write_text("1 0 0 -1 0 0\n" * 5, encoding="utf-8")
    with pytest.raises(BadFile, match="mirrors"):
        read_geometry(tlt(tmp_path), tmp_path / "b.xf")
    with pytest.raises(BadFile, match="cannot be read"):
        read_geometry(tmp_path / "absent.tlt")
