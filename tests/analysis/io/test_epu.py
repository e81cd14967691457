"""EPU's session folder is read in our units, and a broken or hostile one is refused in words."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from smartscope.analysis.io.epu import read_epu_atlas, read_epu_image, read_epu_session
from smartscope.analysis.io.epu_values import EpuImageKind
from smartscope.analysis.io.image import read_image
from smartscope.analysis.io.safe_xml import read_xml
from smartscope.domain.errors import BadFile, InvalidInput
from tests.analysis.io.shared_data import shared_data

IMAGE_XML = """<MicroscopeImage xmlns="http://x" xmlns:a="http://y">
<CustomData>
<a:P><a:Key>Dose</a:Key><a:Value>4.0E+21</a:Value></a:P>
<a:P><a:Key>AppliedDefocus</a:Key><a:Value>-1.5E-06</a:Value></a:P>
</CustomData>
<SpatialScale><pixelSize><x><numericValue>1.1E-10</numericValue></x></pixelSize></SpatialScale>
<microscopeData>
<acquisition><acquisitionDateTime>2023-09-19T15:41:00.6497848+01:00</acquisitionDateTime>
<camera><ExposureTime>0.75</ExposureTime><Name>BM-Falcon</Name>
<ReadoutArea><a:height>4096</a:height><a:width>4096</a:width></ReadoutArea></camera></acquisition>
<gun><AccelerationVoltage>300000</AccelerationVoltage></gun>
<optics><Defocus>9</Defocus>
<TemMagnification><NominalMagnification>130000</NominalMagnification></TemMagnification></optics>
<stage><Position><X>0.0001</X><Y>-2E-05</Y><Z>7E-05</Z></Position></stage>
</microscopeData></MicroscopeImage>"""
NAME = "FoilHole_12_Data_34_56_20230919_154100.xml"


def test_metres_become_microns_and_underfocus_positive(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text(IMAGE_XML)
    image = read_epu_image(path)
    assert image.kind is EpuImageKind.EXPOSURE
    assert image.foil_hole_id == 12
    assert image.picture is None
    assert image.display_only
    assert (image.width_px, image.height_px, image.super_resolution_factor) == (4096, 4096, 1)
    assert image.pixel_size_angstrom == pytest.approx(1.1)
    assert (image.stage.x_um, image.stage.y_um) == pytest.approx((100.0, -20.0))
    assert image.stage_z_um == pytest.approx(70.0)
    assert image.dose_e_per_a2 == pytest.approx(40.0)
    assert image.defocus_um == pytest.approx(1.5)
    assert image.voltage_kv == pytest.approx(300.0)
    assert image.acquired_at_s == pytest.approx(1695134460.649784)
    assert image.detector == "BM-Falcon"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("<numericValue>1.1E-10</numericValue>", "", "pixel size"),
        ("1.1E-10", "-1", "pixel size"),
        ("<X>0.0001</X>", "", "stage's X"),
        ("0.0001", "NaN", "stage's X"),
        ("2023-09-19T15:41:00.6497848+01:00", "yesterday", "yesterday"),
        ("+01:00<", "<", "time zone"),
        ("MicroscopeImage", "SomethingElse", "SomethingElse"),
        ("</stage>", "", "well-formed"),
    ],
)
def test_what_is_missing_or_odd_is_named(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    path = tmp_path / NAME
    path.write_text(IMAGE_XML.replace(old, new))
    with pytest.raises(BadFile, match=complaint):
        read_epu_image(path)


@pytest.mark.parametrize(
    "hostile",
    [
        '<!DOCTYPE x [<!ENTITY e "boom">]><x>&e;</x>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
        "<a>" * 5000 + "</a>" * 5000,
        "",
    ],
)
def test_hostile_xml_is_refused(tmp_path: Path, hostile: str) -> None:
    path = tmp_path / "hostile.xml"
    path.write_text(hostile)
    with pytest.raises(BadFile):
        read_xml(path)


def test_a_folder_that_is_no_session_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"EpuSession\.dm"):
        read_epu_session(tmp_path)


def test_a_name_that_epu_would_not_give_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "holiday.xml"
    path.write_text(IMAGE_XML)
    with pytest.raises(BadFile, match="not named"):
        read_epu_image(path)


def test_a_real_session_is_read_whole() -> None:
    folder = next(shared_data("real/epu_session").glob("Supervisor_*"))
    session = read_epu_session(folder)
    assert session.name == folder.name
    assert len(session.square_ids) == 272
    assert session.hole_diameter_um == pytest.approx(1.37, abs=0.01)
    by_kind = {image.kind: image for image in session.images}
    assert set(by_kind) == {
        EpuImageKind.GRID_SQUARE,
        EpuImageKind.FOIL_HOLE,
        EpuImageKind.EXPOSURE,
    }
    exposure = by_kind[EpuImageKind.EXPOSURE]
    assert exposure.super_resolution_factor == 2
    assert exposure.dose_e_per_a2 == pytest.approx(39.92, abs=0.01)
    for image in session.images:
        assert image.picture is not None
        assert read_image(image.picture).display_only
        assert image.stage.distance_um(exposure.stage) < 30.0


@pytest.mark.parametrize("sample", ["Sample2", "Sample3"])
def test_the_squares_of_a_real_atlas_are_those_of_its_labels(sample: str) -> None:
    folder = shared_data("real/epu_session")
    atlas = read_epu_atlas(folder / "atlas" / sample / "Atlas" / "Atlas.dm")
    with (folder / "labels" / f"{sample}_gridsquares.csv").open() as lines:
        labels = {int(row["node_id"]): row for row in csv.DictReader(lines)}
    assert {square.id for square in atlas.squares} == set(labels)
    for square in atlas.squares:
        row = labels[square.id]
        assert square.category == (int(row["category"]) if row["category"] else None)
        assert square.x_px == pytest.approx(float(row["atlas_x_px"]))
        assert square.height_px == pytest.approx(float(row["height_px"]))
        assert square.stage.x_um == pytest.approx(1e6 * float(row["stage_x_m"]))
        assert 0.0 < square.x_px < atlas.width_px
        assert 0.0 < square.y_px < atlas.height_px
    assert atlas.image is not None
    assert atlas.image.pixel_size_angstrom == pytest.approx(4824.65, abs=0.01)
    assert atlas.picture is not None
    picture = read_image(atlas.picture)
    scales = [picture.pixels.shape[1] / atlas.width_px, picture.pixels.shape[0] / atlas.height_px]
    assert scales[0] == pytest.approx(scales[1], rel=2e-3)


def test_every_multishot_exposure_of_a_real_hole_is_read() -> None:
    images = [
        read_epu_image(path)
        for path in sorted(shared_data("real/metadata_examples/epu_xml_multishot").glob("*.xml"))
    ]
    assert len(images) == 40
    assert {image.kind for image in images} == {EpuImageKind.EXPOSURE}
    assert len({image.foil_hole_id for image in images}) == 2
    assert all(20.0 < (image.dose_e_per_a2 or 0.0) < 30.0 for image in images)
    assert all(0.3 < (image.defocus_um or 0.0) < 4.0 for image in images)
