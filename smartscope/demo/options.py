"""What one may ask of the demo."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DEFAULT_PORT = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """`speed` is microscope seconds per second, or "instant"; `port` 0 means the first free one."""

    grids: int = 4
    seed: int = 7
    speed: str = "240"
    fresh: bool = False
    port: int = 0
    exit_when_done: bool = False
    json: Path | None = None
    directory: Path = BASE_DIR / "var" / "demo"


def parse(arguments: Sequence[str]) -> DemoOptions:
    """Read the command line; argparse ends the process when it makes no sense."""
    parser = argparse.ArgumentParser(
        prog='make demo ARGS="..."',
        description="A simulated microscope, its unattended night and the page, on this machine. "
        "A second start goes on where the first was stopped.",
    )
    parser.add_argument("--grids", type=_count, default=4, help="grids in the cassette (4)")
    parser.add_argument("--seed", type=int, default=7, help="which specimen (7)")
    parser.add_argument(
        "--speed",
        type=_speed,
        default="240",
        help="microscope seconds per second, or instant (240)",
    )
    parser.add_argument("--fresh", action="store_true", help="forget the last demo first")
    parser.add_argument("--port", type=_port, default=0, help="of the page (8000 or next free)")
    parser.add_argument("--exit-when-done", action="store_true", help="end when the run has ended")
    parser.add_argument(
        "--json", type=_file, metavar="OUT", help="with --exit-when-done: write the summary there"
    )
    parser.add_argument(
        "--directory", type=Path, default=BASE_DIR / "var" / "demo", help=argparse.SUPPRESS
    )
    options = DemoOptions(**vars(parser.parse_args(arguments)))
    if options.json is not None and not options.exit_when_done:
        parser.error("--json writes the summary of a night that has ended: add --exit-when-done")
    return options


def _count(word: str) -> int:
    if not (word.isdecimal() and 1 <= int(word) <= 12):
        raise argparse.ArgumentTypeError(f"{word}: a cassette holds 1 to 12 grids")
    return int(word)


def _port(word: str) -> int:
    if not (word.isdecimal() and (word == "0" or 1024 <= int(word) <= 65535)):
        raise argparse.ArgumentTypeError(f"{word}: give a port from 1024 to 65535")
    return int(word)


def _file(word: str) -> Path:
    # Said now: at the end of a night it would be too late.
    path = Path(word)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{word}: give a file in a directory that exists")
    return path


def _speed(word: str) -> str:
    if word == "instant":
        return word
    try:
        usable = 0 < float(word) < math.inf
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(f"{word}: give a number above 0, or instant")
    return word
