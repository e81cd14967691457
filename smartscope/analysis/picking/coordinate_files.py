"""Where particles are, in the files other programs read: RELION STAR, CryoSPARC .cs, EMAN .box.

All three count pixels from the first one in the micrograph's file, x along a row, y from row to
row, as we do: nothing is turned over. Only a .box names a corner instead of the centre.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import starfile
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray

Table = Mapping[str, Sequence[Any] | FloatArray]

#: of ice, for programs that ask; what the simulator and our CTF fit assume
AMPLITUDE_CONTRAST: Final = 0.1

CS_FIELDS: Final = (
    ("uid", "<u8"),
    ("location/micrograph_uid", "<u8"),
    ("location/exp_group_id", "<u4"),
    ("location/micrograph_path", "S300"),
    ("location/micrograph_shape", "<u4", (2,)),
    ("location/center_x_frac", "<f4"),
    ("location/center_y_frac", "<f4"),
    ("location/micrograph_psize_A", "<f4"),
    ("pick_stats/ncc_score", "<f4"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PickedMicrograph:
    """A micrograph's file as others will call it, its particles (n, 2) as x, y and their scores.

    Underfocus in Å (u the greater) in the middle, the angle of u in degrees from x towards y; None
    where no CTF is known. On a tilted specimen it grows by `defocus_slope`, Å per Å, x and y.
    """

    name: str
    width_px: int
    height_px: int
    pixel_size_angstrom: float
    centres_px: FloatArray
    scores: FloatArray
    defocus_u_angstrom: float | None = None
    defocus_v_angstrom: float | None = None
    defocus_angle_deg: float | None = None
    defocus_slope: tuple[float, float] = (0.0, 0.0)

    @property
    def deeper_angstrom(self) -> FloatArray:
        """(n,) by how much the underfocus of each particle is greater than the middle's."""
        middle = (self.width_px / 2 - 0.5, self.height_px / 2 - 0.5)
        away = self.pixel_size_angstrom * (self.centres_px - np.array(middle))
        return np.asarray(away @ np.array(self.defocus_slope), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpticsGroup:
    """What all micrographs of a file share."""

    voltage_kv: float
    spherical_aberration_mm: float
    pixel_size_angstrom: float

    def columns(self) -> dict[str, list[Any]]:
        """RELION's names for it, as group 1."""
        return {
            "rlnOpticsGroupName": ["opticsGroup1"],
            "rlnOpticsGroup": [1],
            "rlnMicrographOriginalPixelSize": [self.pixel_size_angstrom],
            "rlnMicrographPixelSize": [self.pixel_size_angstrom],
            "rlnVoltage": [self.voltage_kv],
            "rlnSphericalAberration": [self.spherical_aberration_mm],
            "rlnAmplitudeContrast": [AMPLITUDE_CONTRAST],
        }


def star_text(tables: Mapping[str, Table]) -> str:
    """A STAR file with one loop per table; names are those of its `data_` blocks."""
    frames = {name: pd.DataFrame(dict(table)) for name, table in tables.items()}
    return str(starfile.to_string(frames))


def coordinates_star(micrograph: PickedMicrograph) -> str:
    """RELION's coordinate file of one micrograph."""
    return star_text(
        {
            "": {
                "rlnCoordinateX": micrograph.centres_px[:, 0],
                "rlnCoordinateY": micrograph.centres_px[:, 1],
                "rlnAutopickFigureOfMerit": micrograph.scores,
            }
        }
    )


def particle_columns(micrograph: PickedMicrograph) -> dict[str, Any]:
    """One micrograph's rows of a RELION particle table."""
    many = len(micrograph.centres_px)
    found: dict[str, Any] = {
        "rlnMicrographName": [micrograph.name] * many,
        "rlnOpticsGroup": [1] * many,
        "rlnCoordinateX": micrograph.centres_px[:, 0],
        "rlnCoordinateY": micrograph.centres_px[:, 1],
        "rlnAutopickFigureOfMerit": micrograph.scores,
    }
    u, v = micrograph.defocus_u_angstrom, micrograph.defocus_v_angstrom
    if u is not None:
        deeper = micrograph.deeper_angstrom
        found |= {
            "rlnDefocusU": u + deeper,
            "rlnDefocusV": (u if v is None else v) + deeper,
            "rlnDefocusAngle": [micrograph.defocus_angle_deg] * many,
        }
    return found


def cryosparc_table(micrographs: Sequence[PickedMicrograph]) -> bytes:
    """A .cs file: numpy's own format, one row per particle."""
    rows: list[NDArray[np.void]] = []
    for group, micrograph in enumerate(micrographs, start=1):
        table = np.zeros(len(micrograph.centres_px), dtype=list(CS_FIELDS))
        own = _uid(micrograph.name)
        table["uid"] = [_uid(f"{micrograph.name} {at}") for at in range(len(table))]
        table["location/micrograph_uid"] = own
        table["location/exp_group_id"] = group
        table["location/micrograph_path"] = micrograph.name.encode()
        table["location/micrograph_shape"] = (micrograph.height_px, micrograph.width_px)
        table["location/center_x_frac"] = micrograph.centres_px[:, 0] / micrograph.width_px
        table["location/center_y_frac"] = micrograph.centres_px[:, 1] / micrograph.height_px
        table["location/micrograph_psize_A"] = micrograph.pixel_size_angstrom
        table["pick_stats/ncc_score"] = micrograph.scores
        rows.append(table)
    file = io.BytesIO()
    joined = np.concatenate(rows) if rows else np.zeros(0, dtype=list(CS_FIELDS))
    np.save(file, joined, allow_pickle=False)
    return file.getvalue()


def box_text(micrograph: PickedMicrograph, box_px: int) -> str:
    """EMAN's .box: corner nearest the first pixel, width, height; whole pixels, tabs between."""
    corners = np.rint(micrograph.centres_px - box_px / 2.0).astype(np.int64)
    return "".join(f"{x}\t{y}\t{box_px}\t{box_px}\n" for x, y in corners)


def _uid(text: str) -> int:
    """The same name has the same number in every file."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
