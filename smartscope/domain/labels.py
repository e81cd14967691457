"""The labels a person can give, and which of them keep a target from being imaged.

A person's label always wins over the classifier's.
"""

from __future__ import annotations

from collections.abc import Mapping

GOOD = "good"

#: label -> whether it excludes the target
SQUARE_LABELS: Mapping[str, bool] = {
    GOOD: False,
    "small": True,
    "contaminated": True,
    "cracked": True,
    "partial": True,
    "dry": True,
}
HOLE_LABELS: Mapping[str, bool] = {
    GOOD: False,
    "bad": True,
    "contaminated": True,
    "empty": True,
    "thick": True,
    "broken": True,
}
#: a spent exposure cannot be excluded any more; its label only judges it
EXPOSURE_LABELS: Mapping[str, bool] = {GOOD: False, "bad": False}
#: what is seen in an exposure, in words for people
EXPOSURE_CLASSES: Mapping[str, str] = {
    GOOD: "good",
    "thick": "thick ice",
    "no_ice": "no ice",
    "no_particles": "ice without particles",
    "crystalline": "crystalline ice",
    "contaminated": "contaminated",
    "foil": "foil or crack",
    "blurred": "blurred",
    "unknown": "unlike anything learnt",
}
