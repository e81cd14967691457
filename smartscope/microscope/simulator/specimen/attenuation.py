"""How strongly materials stop the beam: I/I0 = exp(-t/λ), after the aperture and, when in, the
slit.
"""

from __future__ import annotations

from dataclasses import dataclass

ELASTIC_ICE_300KV_NM = 300.0
INELASTIC_ICE_300KV_NM = 315.0
ELASTIC_RATIO_200KV = 0.80
INELASTIC_RATIO_200KV = 250.0 / 315.0
CARBON_NM = 150.0
GOLD_NM = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attenuation:
    """Attenuation lengths λ in nm for ice, carbon and gold."""

    ice_nm: float
    carbon_nm: float
    gold_nm: float

    def foil_nm(self, *, gold: bool) -> float:
        """The foil's attenuation length."""
        return self.gold_nm if gold else self.carbon_nm


def attenuation(voltage_kv: float = 300.0, *, slit_in: bool = False) -> Attenuation:
    """Attenuation at a voltage.

    Elastic 300 nm at 300 kV (Leginon's aperture-limited default, Rice 2018), inelastic 315 nm
    (parakeet); 200 kV is x0.80 (assumed). With the slit in both factors multiply, so the inverse
    lengths add. Foils (assumed, tuned to a published atlas) scale alike with the voltage. Between
    and below the two voltages the ratio is interpolated linearly.
    """
    weight = (300.0 - voltage_kv) / 100.0
    elastic_ratio = max(0.4, 1.0 + weight * (ELASTIC_RATIO_200KV - 1.0))
    inelastic_ratio = max(0.4, 1.0 + weight * (INELASTIC_RATIO_200KV - 1.0))
    inverse = 1.0 / (ELASTIC_ICE_300KV_NM * elastic_ratio)
    if slit_in:
        inverse += 1.0 / (INELASTIC_ICE_300KV_NM * inelastic_ratio)
    return Attenuation(
        ice_nm=1.0 / inverse,
        carbon_nm=CARBON_NM * elastic_ratio,
        gold_nm=GOLD_NM * elastic_ratio,
    )


UNFILTERED_300KV = attenuation()
