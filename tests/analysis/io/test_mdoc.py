"""An mdoc survives reading and writing, also where we do not know what a line means."""

from __future__ import annotations

from pathlib import Path

import mdocfile
import pytest

from smartscope.analysis.io.mdoc import (
    Mdoc,
    MdocSection,
    format_mdoc,
    parse_mdoc,
    read_mdoc,
    save_mdoc,
)
from smartscope.domain.errors import BadFile, InvalidInput
from tests.analysis.io.shared_data import shared_data

EXPOSURE = Mdoc(
    {"PixelSpacing": "1.151", "ImageFile": "movie.mrc", "ImageSize": "720 512", "DataMode": "0"},
    ("SerialEM: a microscope  21-Nov-26  01:02:03", "Tilt axis angle = 85.3, binning = 1"),
    (
        MdocSection(
            "ZValue",
            "0",
            {
                "TiltAngle": "0.01",
                "StagePosition": "-12.5 300.25",
                "ImageShift": "1.5 -0.25",
                "ExposureDose": "40.5",
                "DateTime": "21-Nov-26  01:02:03",
                "FrameDosesAndNumber": "1.0 40",
                "SomethingNew": "a = b",
            },
        ),
    ),
)


def test_an_mdoc_is_read_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "movie.mrc.mdoc"
    save_mdoc(path, EXPOSURE)
    assert read_mdoc(path) == EXPOSURE


def test_the_fields_library_reads_ours(tmp_path: Path) -> None:
    path = tmp_path / "movie.mrc.mdoc"
    save_mdoc(path, EXPOSURE)
    table = mdocfile.read(path)
    assert table["StagePosition"].iloc[0] == (-12.5, 300.25)
    assert table["ExposureDose"].iloc[0] == pytest.approx(40.5)


def test_numbers_are_read_when_they_are_numbers() -> None:
    section = EXPOSURE.sections[0]
    assert section.number("ExposureDose") == pytest.approx(40.5)
    assert section.numbers("StagePosition") == (-12.5, 300.25)
    assert section.number("DateTime") is None
    assert section.numbers("DateTime") == ()
    assert section.number("Missing") is None


@pytest.mark.parametrize("text", ["", "\n\n", "no entry", "[ZValue = 0]\n\x00\x01", "= 3"])
def test_what_is_no_mdoc_is_refused(text: str) -> None:
    with pytest.raises(BadFile):
        parse_mdoc(text)


@pytest.mark.parametrize(
    "section",
    [
        MdocSection("ZValue", "0", {"A": "1\n[ZValue = 1]"}),
        MdocSection("ZValue", "0", {"A = 2\nB": "1"}),
        MdocSection("ZValue", "0", {"A": " padded"}),
        MdocSection("ZValue", "0\nB = 1", {}),
    ],
)
def test_a_value_cannot_smuggle_in_another_line(section: MdocSection) -> None:
    with pytest.raises(InvalidInput):
        format_mdoc(Mdoc({}, (), (section,)))


@pytest.mark.parametrize(
    ("name", "images", "others"),
    [("tilt_series", 41, 0), ("montage_section", 62, 1), ("montage_section_multiple", None, None)],
)
def test_real_files_lose_nothing(name: str, images: int | None, others: int | None) -> None:
    path = shared_data("real/metadata_examples/mdoc") / f"{name}.mdoc"
    mdoc = read_mdoc(path)
    assert parse_mdoc(format_mdoc(mdoc)) == mdoc
    entries = [line for line in path.read_text().splitlines() if "=" in line]
    assert len([line for line in format_mdoc(mdoc).splitlines() if "=" in line]) == len(entries)
    if images is not None and others is not None:
        assert len(mdoc.images()) == images
        assert len(mdoc.sections) == images + others
