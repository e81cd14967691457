"""How a movie was taken is read from what its program wrote beside it, in our units."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from smartscope.analysis.io.movie_metadata import MovieMetadata, read_movie_metadata
from smartscope.domain.errors import BadFile
from tests.analysis.io.shared_data import shared_data

MDOC = """Voltage = 200

[T = SerialEM: a microscope]

[FrameSet = 0]
TiltAngle = 1.5
ExposureDose = 40.2
PixelSpacing = 0.83
NumSubFrames = 40
TargetDefocus = -1.2
SubFramePath = X:\\frames\\movie_1.tif
GainReference = CountRef_movie_1.dm4
DefectFile = D:\\camera\\defects_1.txt
"""


def test_a_frame_set_s_mdoc(tmp_path: Path) -> None:
    movie = tmp_path / "movie_1.tif"
    movie.with_name("movie_1.tif.mdoc").write_text(MDOC)
    assert read_movie_metadata(movie) == MovieMetadata(
        source=tmp_path / "movie_1.tif.mdoc",
        pixel_size_angstrom=0.83,
        dose_e_per_a2=40.2,
        frames=40,
        voltage_kv=200.0,
        tilt_deg=1.5,
        defocus_um=1.2,
        gain_name="CountRef_movie_1.dm4",
        defects_name="defects_1.txt",
    )


def test_the_right_one_of_several_images_is_taken(tmp_path: Path) -> None:
    movie = tmp_path / "movie_2.tif"
    second = MDOC.split("[FrameSet = 0]")[1].replace("movie_1", "movie_2").replace("0.83", "0.66")
    movie.with_suffix(".mdoc").write_text(f"{MDOC}\n[FrameSet = 1]\n{second}")
    assert read_movie_metadata(movie).pixel_size_angstrom == 0.66
    other = tmp_path / "movie_2.mrc"
    with pytest.raises(BadFile, match="none of them movie_2"):
        read_movie_metadata(other)


def test_nothing_beside_a_movie_is_nothing_known(tmp_path: Path) -> None:
    assert read_movie_metadata(tmp_path / "movie.tif") == MovieMetadata()


@pytest.mark.parametrize("size", ["0", "-1", "656.1", "0.001"])
def test_a_pixel_size_that_cannot_be_is_refused(tmp_path: Path, size: str) -> None:
    movie = tmp_path / "movie_1.tif"
    movie.with_suffix(".mdoc").write_text(MDOC.replace("0.83", size))
    with pytest.raises(BadFile, match="pixel size of"):
        read_movie_metadata(movie)


def test_a_dose_that_was_never_calibrated_is_not_zero(tmp_path: Path) -> None:
    movie = tmp_path / "movie_1.tif"
    movie.with_suffix(".mdoc").write_text(MDOC.replace("40.2", "0"))
    assert read_movie_metadata(movie).dose_e_per_a2 is None


def test_a_real_epu_exposure_s_xml(tmp_path: Path) -> None:
    folder = shared_data("real/metadata_examples/epu_xml_multishot")
    original = min(folder.glob("*.xml"))
    shutil.copy(original, tmp_path)
    found = read_movie_metadata(tmp_path / f"{original.stem}_Fractions.tiff")
    assert found.source == tmp_path / original.name
    assert found.pixel_size_angstrom is not None
    assert 0.1 < found.pixel_size_angstrom < 5.0
    assert found.voltage_kv in (200.0, 300.0)
    assert found.dose_e_per_a2 is None or 5.0 < found.dose_e_per_a2 < 200.0
