"""Reads what EPU leaves of a session: metadata in XML and `.dm`, pictures as JPEG made for the eye.

The acquired micrographs are elsewhere (EPU writes MRC and TIFF to other disks), so every picture
found here is marked `display_only`. Lengths in the files are metres, doses per square metre,
defocus negative for underfocus; values here are in our units. Stage transformations are not read:
their handedness is not stated in the files.
"""

from __future__ import annotations

import re
from pathlib import Path, PureWindowsPath
from typing import Final

from smartscope.analysis.io.epu_fields import (
    ANGSTROM_PER_METRE,
    PER_A2_PER_SQUARE_METRE,
    UM_PER_METRE,
    beside,
    degrees,
    metres,
    moment_s,
    positive,
    present,
    required,
    scaled,
    whole,
)
from smartscope.analysis.io.epu_values import (
    EpuAtlas,
    EpuImage,
    EpuImageKind,
    EpuSession,
    EpuSquare,
)
from smartscope.analysis.io.safe_xml import XmlNode, number, read_xml
from smartscope.domain.errors import BadFile, InvalidInput
from smartscope.domain.geometry import Point

_KINDS: Final = (
    (re.compile(r"Atlas_\d+"), EpuImageKind.ATLAS),
    (re.compile(r"Tile_\d+"), EpuImageKind.TILE),
    (re.compile(r"GridSquare_\d+"), EpuImageKind.GRID_SQUARE),
    (re.compile(r"FoilHole_(\d+)_Data_"), EpuImageKind.EXPOSURE),
    (re.compile(r"FoilHole_(\d+)_"), EpuImageKind.FOIL_HOLE),
)


def read_epu_session(folder: Path) -> EpuSession:
    """Read `EpuSession.dm` and every image's XML below `folder`.

    Raises `InvalidInput` when the folder is no EPU session, `BadFile` when a file in it is broken.
    """
    description = folder / "EpuSession.dm"
    if not description.is_file():
        raise InvalidInput(
            {"folder": f"{folder} has no EpuSession.dm; give the folder that EPU named."}
        )
    root = _root(description, "EpuSessionXml")
    sample = next(root.descendants("SampleXml"), XmlNode("SampleXml"))
    atlas = sample.text_at("AtlasId")
    slot = root.number_at("AutoloaderSlot")
    keys = (pair.text_at("key") for pair in _pairs(sample.find("GridSquares")))
    return EpuSession(
        name=required(root.text_at("Name"), "Name", description),
        started_at_s=moment_s(root.text_at("StartDateTime"), description),
        slot=int(slot) if slot is not None else None,
        sample_name=root.text_at("AutoloaderDescription"),
        atlas_path=PureWindowsPath(atlas) if atlas else None,
        hole_diameter_um=scaled(sample.number_at("FilterHolesSettings", "HoleSize"), UM_PER_METRE),
        hole_spacing_um=scaled(
            sample.number_at("FilterHolesSettings", "HoleSpacing"), UM_PER_METRE
        ),
        square_ids=tuple(int(key) for key in keys if key is not None),
        images=tuple(
            read_epu_image(path)
            for path in sorted(folder.rglob("*.xml"))
            if _kind(path.stem) is not None
        ),
    )


def read_epu_atlas(path: Path) -> EpuAtlas:
    """Read an `Atlas.dm`, with the picture and XML beside it if any. Raises `BadFile`."""
    root = _root(path, "AtlasSessionXml")
    base = root.text_at("Atlas", "AtlasImageReference", "BaseFileName")
    tiles = list(root.descendants("TileXml"))
    corners = [corner for tile in tiles if (corner := _tile_corner(tile)) is not None]
    if not corners:
        raise BadFile(f"{path.name} lists no tiles; the atlas was not finished, acquire it again.")
    metadata = path.with_name(f"{base}.xml")
    return EpuAtlas(
        name=root.text_at("Name") or path.stem,
        picture=beside(path.with_name(f"{base}.jpg")),
        image=read_epu_image(metadata) if base and metadata.is_file() else None,
        width_px=max(x for x, _ in corners),
        height_px=max(y for _, y in corners),
        squares=tuple(_square(pair, path) for tile in tiles for pair in _pairs(tile.find("Nodes"))),
    )


def read_epu_image(path: Path) -> EpuImage:
    """Read the XML of one image; its JPEG is looked for beside it. Raises `BadFile`."""
    kind = _kind(path.stem)
    if kind is None:
        raise BadFile(f"{path.name} is not named as EPU names an image.")
    root = _root(path, "MicroscopeImage")
    custom = _custom_data(root)
    camera = root.find("microscopeData", "acquisition", "camera") or XmlNode("camera")
    optics = root.find("microscopeData", "optics") or XmlNode("optics")
    stage = root.find("microscopeData", "stage", "Position") or XmlNode("Position")
    size = root.number_at("SpatialScale", "pixelSize", "x", "numericValue")
    hole = re.match(r"FoilHole_(\d+)_", path.stem)
    single = kind is not EpuImageKind.ATLAS
    asked = number(custom.get("AppliedDefocus"))
    defocus = asked if asked is not None else optics.number_at("Defocus")
    return EpuImage(
        kind=kind,
        metadata_path=path,
        picture=beside(path.with_suffix(".jpg")),
        display_only=True,
        foil_hole_id=int(hole.group(1)) if hole else None,
        width_px=whole(camera.number_at("ReadoutArea", "width")) if single else None,
        height_px=whole(camera.number_at("ReadoutArea", "height")) if single else None,
        pixel_size_angstrom=positive(size, "pixel size", path) * ANGSTROM_PER_METRE,
        super_resolution_factor=whole(_camera_input(camera, "SuperResolutionFactor")) or 1,
        stage=Point(metres(stage, "X", path), metres(stage, "Y", path)),
        stage_z_um=scaled(stage.number_at("Z"), UM_PER_METRE),
        acquired_at_s=moment_s(
            root.text_at("microscopeData", "acquisition", "acquisitionDateTime"), path
        ),
        exposure_s=camera.number_at("ExposureTime"),
        dose_e_per_a2=scaled(number(custom.get("Dose")), PER_A2_PER_SQUARE_METRE),
        defocus_um=scaled(defocus, -UM_PER_METRE),
        nominal_magnification=optics.number_at("TemMagnification", "NominalMagnification"),
        voltage_kv=scaled(root.number_at("microscopeData", "gun", "AccelerationVoltage"), 1e-3),
        detector=custom.get("DetectorCommercialName") or camera.text_at("Name"),
    )


def _root(path: Path, name: str) -> XmlNode:
    root = read_xml(path)
    if root.name != name:
        raise BadFile(f"{path.name} holds {root.name} where EPU writes {name}.")
    return root


def _kind(stem: str) -> EpuImageKind | None:
    return next((kind for pattern, kind in _KINDS if pattern.match(stem)), None)


def _pairs(dictionary: XmlNode | None) -> list[XmlNode]:
    """The key-and-value elements of a serialised dictionary, however its writer wrapped them."""
    if dictionary is None:
        return []
    holders = (dictionary, *dictionary.children)
    return [
        child for holder in holders for child in holder.children if child.find("key") is not None
    ]


def _square(pair: XmlNode, path: Path) -> EpuSquare:
    node = pair.find("value") or XmlNode("value")
    place = node.find("PositionOnTheAtlas") or XmlNode("PositionOnTheAtlas")
    stage = node.find("StagePosition") or XmlNode("StagePosition")
    key = required(pair.text_at("key"), "the id of a grid square", path)
    return EpuSquare(
        id=int(key),
        category=whole(node.number_at("Category")),
        quality=place.number_at("Quality"),
        x_px=present(place.number_at("Center", "x"), f"x of square {key}", path),
        y_px=present(place.number_at("Center", "y"), f"y of square {key}", path),
        width_px=positive(place.number_at("Size", "width"), f"width of square {key}", path),
        height_px=positive(place.number_at("Size", "height"), f"height of square {key}", path),
        rotation_deg=degrees(place.number_at("Rotation")),
        stage=Point(metres(stage, "X", path), metres(stage, "Y", path)),
    )


def _tile_corner(tile: XmlNode) -> tuple[int, int] | None:
    place = tile.find("AtlasPixelPosition")
    if place is None:
        return None
    x, width = place.number_at("x"), place.number_at("width")
    y, height = place.number_at("y"), place.number_at("height")
    if x is None or y is None or width is None or height is None:
        return None
    return int(x + width), int(y + height)


def _custom_data(root: XmlNode) -> dict[str, str]:
    return _key_values(root.find("CustomData"))


def _camera_input(camera: XmlNode, key: str) -> float | None:
    return number(_key_values(camera.find("CameraSpecificInput")).get(key))


def _key_values(node: XmlNode | None) -> dict[str, str]:
    pairs = node.children if node is not None else []
    return {
        key: value
        for pair in pairs
        if (key := pair.text_at("Key")) is not None and (value := pair.text_at("Value")) is not None
    }
