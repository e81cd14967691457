"""Everything a site must say about a microscope that SerialEM drives; docs/operator.md explains it.

Unknown keys, wrong kinds and values beyond reason raise BadInstrumentSettings that names the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.serialem.areas import SHOTS, Areas, areas_from
from smartscope.microscope.serialem.closed_way import LINKS, TUNNEL, require_closed
from smartscope.microscope.serialem.reading_settings import SettingsReader

PORT = 48888
#: Signals a column may not be able to tell; a site says so, or their absence counts as bad.
SIGNALS = ("vacuum", "pump", "dewars", "beam_current", "screen")
FORMATS = ("tif", "mrc")
#: How montages are taken, and exposures of one plan; the first is what serves unattended nights.
MONTAGES = ("tiles", "full")
RECORDS = ("one_by_one", "multishot")
LOADERS = ("thermo", "jeol")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where the stage and the deflectors may go: µm and degrees."""

    stage_um: float
    stage_z_um: float
    stage_tolerance_um: float
    tilt_deg: float
    tilt_tolerance_deg: float
    height_um: float
    image_shift_um: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasOptics:
    """The lenses of the atlas: a stored imaging state by name, or magnification and beam."""

    state: str
    mag: float | None
    spot_size: int | None
    percent_c2: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aperture:
    """SerialEM's index of an aperture, and its sizes (µm, 0 out); None: left alone."""

    index: int
    atlas_um: int | None
    usual_um: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """Where movies are saved: as SerialEM's machine names it, and as this machine sees it.

    `rotation_flip` turns a frame as saved into the image as shown: 1 to 3 quarter turns against
    the clock, 4 to 7 the same after a mirroring left to right.
    """

    folder: str
    mount: Path
    file_format: str
    sets_frame_time: bool
    rotation_flip: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Focusing:
    """`target_um` (underfocus) is what autofocus aims at; the place of the focus area is optional.

    `distance_um` and `angle_deg` go to SetAxisPosition once.
    """

    target_um: float
    distance_um: float | None
    angle_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialEmSettings:
    """One microscope."""

    host: str
    link: str
    port: int
    control_port: int | None
    name: str
    voltage_kv: float
    spherical_aberration_mm: float
    camera: str
    has_autoloader: bool
    loader_slots: int
    loader: str
    has_energy_filter: bool
    areas: Areas
    limits: Limits
    atlas: AtlasOptics
    apertures: Mapping[str, Aperture]
    montages: str
    records: str
    frames: Frames
    focusing: Focusing
    tilt_sign: int
    shift_settling: float
    compensates_coma: bool
    corrects_by_ctf: bool
    centre_beam_um: float | None
    cannot_tell: frozenset[str]
    least_beam_current_na: float
    calibrated_on: date | None
    idle_valves_min: int


def settings_from(settings: Mapping[str, object]) -> SerialEmSettings:
    """Read a microscope's settings. Raises BadInstrumentSettings."""
    reader = SettingsReader(settings)
    limits = _limits(reader)
    has_autoloader = reader.flag("has_autoloader", default=True)
    control_port = reader.whole("control_port", 0, low=0, high=65535) or None
    found = SerialEmSettings(
        host=reader.text("host", "127.0.0.1"),
        link=reader.choice("link", TUNNEL, LINKS),
        port=reader.whole("port", PORT, low=1, high=65535),
        control_port=control_port,
        name=reader.label("name", "SerialEM microscope"),
        voltage_kv=reader.number("voltage_kv", 300.0, low=60.0, high=400.0),
        spherical_aberration_mm=reader.number("spherical_aberration_mm", 2.7, low=0.0, high=10.0),
        camera=reader.label("camera", ""),
        has_autoloader=has_autoloader,
        loader_slots=reader.whole("loader_slots", 12 if has_autoloader else 1, low=1, high=48),
        loader=reader.choice("loader", "thermo", LOADERS),
        has_energy_filter=reader.flag("has_energy_filter", default=True),
        areas=areas_from(
            reader.raw("areas"),
            atlas_shot=reader.choice("atlas_shot", "Search", tuple(SHOTS)),
            image_shift_limit_um=limits.image_shift_um,
        ),
        limits=limits,
        atlas=_atlas(reader),
        apertures=_apertures(reader),
        montages=reader.choice("montages", "tiles", MONTAGES),
        records=reader.choice("records", "one_by_one", RECORDS),
        frames=_frames(reader),
        focusing=_focusing(reader),
        tilt_sign=_sign(reader),
        shift_settling=reader.number("image_shift_settling", 1.0, low=0.0, high=20.0),
        compensates_coma=reader.flag("compensate_coma", default=False),
        corrects_by_ctf=reader.flag("corrects_by_ctf", default=False),
        centre_beam_um=reader.number("centre_beam_um", low=0.01, high=100.0)
        if reader.has("centre_beam_um")
        else None,
        cannot_tell=reader.names("cannot_tell", SIGNALS),
        least_beam_current_na=reader.number("least_beam_current_na", 1.0, low=0.0, high=1e6),
        calibrated_on=reader.day("calibrated_on"),
        idle_valves_min=reader.whole("idle_valves_min", 10, low=0, high=1440),
    )
    reader.finish()
    require_closed(found.host, found.link)
    return found


def _limits(reader: SettingsReader) -> Limits:
    return Limits(
        stage_um=reader.number("stage_limit_um", 1000.0, low=1.0, high=2000.0),
        stage_z_um=reader.number("stage_z_limit_um", 300.0, low=1.0, high=1000.0),
        stage_tolerance_um=reader.number("stage_tolerance_um", 0.5, low=0.01, high=20.0),
        tilt_deg=reader.number("tilt_limit_deg", 70.0, low=0.0, high=90.0),
        tilt_tolerance_deg=reader.number("tilt_tolerance_deg", 0.2, low=0.01, high=5.0),
        height_um=reader.number("height_limit_um", 200.0, low=1.0, high=1000.0),
        image_shift_um=reader.number("image_shift_limit_um", 15.0, low=0.0, high=50.0),
    )


def _atlas(reader: SettingsReader) -> AtlasOptics:
    optics = AtlasOptics(
        state=reader.text("atlas_state", ""),
        mag=reader.number("atlas_mag", low=1.0) if reader.has("atlas_mag") else None,
        spot_size=reader.whole("atlas_spot_size", low=1, high=20)
        if reader.has("atlas_spot_size")
        else None,
        percent_c2=reader.number("atlas_percent_c2", low=0.0, high=1e4)
        if reader.has("atlas_percent_c2")
        else None,
    )
    if bool(optics.state) == (optics.mag is not None):
        raise BadInstrumentSettings(
            "Give either atlas_state, the name of an imaging state stored in SerialEM, or "
            "atlas_mag; the atlas is taken with one of them."
        )
    return optics


def _apertures(reader: SettingsReader) -> Mapping[str, Aperture]:
    found = {}
    for name, given in reader.part("apertures").items():
        if not isinstance(given, Mapping):
            raise BadInstrumentSettings(f"apertures.{name} must be a mapping with its index.")
        part = SettingsReader(
            {str(key): value for key, value in given.items()}, where=f"apertures.{name}."
        )
        found[name] = Aperture(
            index=part.whole("index", low=0, high=20),
            atlas_um=_size(part, "atlas_um"),
            usual_um=_size(part, "usual_um"),
        )
        part.finish()
    return found


def _size(reader: SettingsReader, key: str) -> int | None:
    return reader.whole(key, low=0, high=5000) if reader.has(key) else None


def _frames(reader: SettingsReader) -> Frames:
    return Frames(
        folder=reader.text("frames_folder"),
        mount=Path(reader.label("frames_mount")),
        file_format=reader.choice("frames_format", "tif", FORMATS),
        sets_frame_time=reader.flag("sets_frame_time", default=True),
        rotation_flip=reader.whole("frames_rotation_flip", 0, low=0, high=7),
    )


def _focusing(reader: SettingsReader) -> Focusing:
    return Focusing(
        target_um=reader.number("autofocus_target_um", 1.5, low=-20.0, high=20.0),
        distance_um=reader.number("focus_distance_um", low=-20.0, high=20.0)
        if reader.has("focus_distance_um")
        else None,
        angle_deg=reader.number("focus_angle_deg", 0.0, low=-180.0, high=180.0),
    )


def _sign(reader: SettingsReader) -> int:
    sign = reader.whole("tilt_defocus_sign", 1, low=-1, high=1)
    if sign == 0:
        raise BadInstrumentSettings(
            "tilt_defocus_sign is 0; give 1 when a positive tilt raises what lies at positive "
            "stage y, -1 when it lowers it (measure it once: docs/operator.md)."
        )
    return sign
