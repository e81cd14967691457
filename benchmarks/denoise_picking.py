"""Whether one fixed picker finds more in a denoised picture than in the sum of the frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Report
from smartscope.analysis import registry
from smartscope.analysis.picking.scoring import ImageScore, Truth, score_image, score_set
from smartscope.microscope.simulator.optics.values import RecordTruth
from smartscope.microscope.simulator.specimen.phantoms import DIAMETER_NM
from smartscope.training.picking.micrographs import WHOLE

PICKER = "matched-picker"
FEWEST = 10


def places_of(truth: RecordTruth, moved_px: NDArray[np.float64], pixel: float) -> Truth | None:
    """Where particles are in the aligned sum; None with fewer than ten."""
    if len(truth.particles) < FEWEST:
        return None
    centres = truth.particle_px + moved_px
    whole = np.array([each.quality >= WHOLE for each in truth.particles], dtype=np.bool_)
    shape = (truth.foil.shape[0], truth.foil.shape[1])
    return Truth(
        centres_px=centres[whole],
        diameter_px=10.0 * DIAMETER_NM[truth.particles[0].species] / pixel,
        shape=shape,
        unsure_px=centres[~whole],
        masked=(truth.foil > 0.5) | (truth.dirt_nm > 30.0),
    )


@dataclass(slots=True)
class Tally:
    """Scores by the name of the picture that was picked from."""

    scores: dict[str, list[ImageScore]] = field(default_factory=dict)

    def add(
        self, pictures: Mapping[str, NDArray[np.float32]], places: Truth | None, pixel: float
    ) -> None:
        """Pick from each picture of one field, the diameter given."""
        if places is None:
            return
        picker = registry.picker(PICKER)
        for name, picture in pictures.items():
            picks = picker.pick(
                picture,
                pixel_size_angstrom=pixel,
                diameter_angstrom=places.diameter_px * pixel,
                dirt=places.masked,
            )
            self.scores.setdefault(name, []).append(score_image(picks, places))

    def report(self, report: Report) -> None:
        """F1 at the shipped threshold, the raw sum's beside it."""
        found = {name: score_set(each) for name, each in self.scores.items()}
        if not found:
            report.leave_out("picking from denoised pictures: no field held ten particles.")
            return
        raw = found["raw sum"]
        fields = len(self.scores["raw sum"])
        for name, score in found.items():
            for what, value, base in (
                ("F1", score.f1, raw.f1),
                ("average precision", score.average_precision, raw.average_precision),
            ):
                report.inform(
                    f"simulated, {PICKER} on {name} ({fields} fields): {what}",
                    value,
                    unit="",
                    baseline=base,
                    baseline_name="raw sum",
                )
