"""The card beside each plug-in: what it is, how it is called, what it needs and which labels it
gives.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any

from smartscope.analysis.weights import Weights
from smartscope.domain.errors import SmartscopeError

KINDS = (
    "stitcher",
    "finder",
    "classifier",
    "selector",
    "grouper",
    "movie_aligner",
    "ctf_estimator",
    "ice_estimator",
    "quality_assessor",
    "dirt_finder",
    "denoiser",
    "super_resolver",
    "picker",
    "reconstructor",
)


class BadManifest(SmartscopeError):
    """A plug-in's manifest lacks something or contradicts itself."""


@dataclass(frozen=True, slots=True)
class Label:
    """A class a plug-in may give; `value` orders classes, `usable` False keeps targets out of the
    queue.
    """

    key: str
    name: str
    value: int
    colour: str
    usable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A plug-in's card; `parameters` is a JSON Schema from which forms are made.

    `declared_duration_s` is the time on the microscope's clock after which its findings count as
    known in simulated sessions. `weights` is the trained network it needs, `None` without one.
    """

    name: str
    kind: str
    version: str
    level: str
    licence: str
    declared_duration_s: float
    summary: str = ""
    unit: str = ""
    labels: tuple[Label, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    weights: Weights | None = None

    def label_keys(self) -> tuple[str, ...]:
        """The label keys in the order of probabilities."""
        return tuple(label.key for label in self.labels)


def read_manifest(file: Traversable) -> Manifest:
    """Read a TOML manifest; raises `BadManifest` naming the file and what is wrong with it."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        labels = tuple(Label(**label) for label in table.pop("labels", ()))
        weights = table.pop("weights", None)
        manifest = Manifest(
            **table, labels=labels, weights=None if weights is None else Weights(**weights)
        )
    except (OSError, tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise BadManifest(
            f"The manifest {file.name} cannot be used: {error}. "
            "Correct it or leave the plug-in out."
        ) from error
    _check(manifest, file.name)
    return manifest


def _check(manifest: Manifest, file_name: str) -> None:
    problems = []
    if manifest.kind not in KINDS:
        problems.append(f"kind is {manifest.kind!r}, known are {', '.join(KINDS)}")
    if manifest.declared_duration_s < 0:
        problems.append("declared_duration_s is negative")
    keys = manifest.label_keys()
    if len(set(keys)) != len(keys):
        problems.append("two labels share a key")
    if problems:
        raise BadManifest(f"The manifest {file_name} cannot be used: {'; '.join(problems)}.")
