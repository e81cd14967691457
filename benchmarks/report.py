"""The one form in which every benchmark prints and writes what it measured; it measures nothing
itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

Claims = Callable[[bool], "Report"]


@dataclass(frozen=True, slots=True)
class Row:
    """One claim: what was measured, beside its baseline on the same input in the same run.

    `target` is words or a number for people ("≥ 0.85"); `None` marks a row that only informs, and
    such a row always `holds`.
    """

    claim: str
    value: float | int | str
    unit: str
    baseline: float | int | str | None = None
    baseline_name: str | None = None
    target: float | str | None = None
    holds: bool = True


@dataclass(slots=True)
class Report:
    """Rows in the order measured, and what could not be measured, in sentences."""

    title: str
    rows: list[Row] = field(default_factory=list)
    not_measured: list[str] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Append one row."""
        self.rows.append(row)

    def at_least(
        self,
        claim: str,
        value: float,
        *,
        unit: str,
        target: float,
        baseline: float | str | None = None,
        baseline_name: str | None = None,
    ) -> None:
        """A claim that holds when `value` reaches `target`."""
        self.add(Row(claim, value, unit, baseline, baseline_name, f"≥ {target:g}", value >= target))

    def at_most(
        self,
        claim: str,
        value: float,
        *,
        unit: str,
        target: float,
        baseline: float | str | None = None,
        baseline_name: str | None = None,
    ) -> None:
        """A claim that holds when `value` does not exceed `target`."""
        self.add(Row(claim, value, unit, baseline, baseline_name, f"≤ {target:g}", value <= target))

    def inform(
        self,
        claim: str,
        value: float | int | str,
        *,
        unit: str,
        baseline: float | int | str | None = None,
        baseline_name: str | None = None,
    ) -> None:
        """A figure without a target."""
        self.add(Row(claim, value, unit, baseline, baseline_name))

    def leave_out(self, sentence: str) -> None:
        """Say below the table what was not measured, and why."""
        self.not_measured.append(sentence)

    @property
    def holds(self) -> bool:
        """True when every row with a target reached it."""
        return all(row.holds for row in self.rows)

    def as_text(self) -> str:
        """The table as a person reads it in a terminal."""
        header = ("claim", "value", "unit", "baseline", "target", "")
        lines = [header, *(_cells(row) for row in self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
        table = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        rule = "-" * max(len(line) for line in table)
        notes = [f"Not measured: {sentence}" for sentence in self.not_measured]
        return "\n".join([self.title, rule, table[0], rule, *table[1:], rule, *notes])

    def as_json(self) -> str:
        """The rows as a JSON list."""
        return json.dumps([asdict(row) for row in self.rows], indent=2, ensure_ascii=False)


def main(claims: Claims, arguments: Sequence[str] | None = None) -> int:
    """Run `claims(quick)`, print its table, write its rows where `--json` says.

    Returns 0 when every target is reached, else 1, for `sys.exit`.
    """
    parser = argparse.ArgumentParser(description=claims.__doc__)
    parser.add_argument("--quick", action="store_true", help="a smaller input, at most 60 s")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write the rows here")
    options = parser.parse_args(arguments)
    report = claims(options.quick)
    sys.stdout.write(report.as_text() + "\n")
    if options.json is not None:
        options.json.write_text(report.as_json() + "\n", encoding="utf-8")
    return 0 if report.holds else 1


def mean(values: Iterable[float]) -> float:
    """The arithmetic mean; not a number when there is nothing to average."""
    items = list(values)
    return sum(items) / len(items) if items else float("nan")


def _cells(row: Row) -> tuple[str, str, str, str, str, str]:
    baseline = "" if row.baseline is None else _number(row.baseline)
    if row.baseline_name:
        baseline = f"{baseline} ({row.baseline_name})".strip()
    target = "" if row.target is None else _number(row.target)
    verdict = "" if row.target is None else ("holds" if row.holds else "FAILS")
    return row.claim, _number(row.value), row.unit, baseline, target, verdict


def _number(value: float | int | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
