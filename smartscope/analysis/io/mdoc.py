"""Reads and writes SerialEM `.mdoc` files without losing a line that we do not know.

Values stay as written; `number` and `numbers` read them when asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.io.limits import MAX_METADATA_BYTES
from smartscope.analysis.io.safe_xml import number
from smartscope.domain.errors import BadFile, InvalidInput

_SECTION: Final = re.compile(r"\[(\w+) = (.*)\]\Z")
_ENTRY: Final = re.compile(r"([^=\[\]]+?)\s*=\s?(.*)\Z")
_KEY: Final = re.compile(r"\w[\w.-]*\Z")
_TITLE: Final = "T"


@dataclass(frozen=True, slots=True)
class MdocSection:
    """One `[kind = name]` block, such as `[ZValue = 3]`, with its values in the file's order."""

    kind: str
    name: str
    values: Mapping[str, str] = field(default_factory=dict)

    def number(self, key: str) -> float | None:
        """The value of `key` as one number; None when it is missing or is not one."""
        return number(self.values.get(key))

    def numbers(self, key: str) -> tuple[float, ...]:
        """The value of `key` as numbers; empty when it is missing or not all are numbers."""
        read = [number(word) for word in self.values.get(key, "").split()]
        return tuple(value for value in read if value is not None) if None not in read else ()


@dataclass(frozen=True, slots=True)
class Mdoc:
    """What stands before the first section, the titles, and the sections."""

    header: Mapping[str, str]
    titles: tuple[str, ...]
    sections: tuple[MdocSection, ...]

    def images(self) -> tuple[MdocSection, ...]:
        """The sections that describe an image or a set of frames."""
        return tuple(s for s in self.sections if s.kind in ("ZValue", "FrameSet", "Image"))


def read_mdoc(path: Path) -> Mdoc:
    """Read a file. Raises `BadFile` when it is missing, too large, or a line is no entry."""
    try:
        if path.stat().st_size > MAX_METADATA_BYTES:
            raise BadFile(f"{path.name} is larger than 64 MiB; metadata never is.")
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BadFile(f"{path.name} cannot be read: {error.strerror}.") from error
    return parse_mdoc(text, name=path.name)


def parse_mdoc(text: str, *, name: str = "the mdoc") -> Mdoc:
    """Parse an mdoc's text. Raises `BadFile` naming the first line that is of no known form."""
    header: dict[str, str] = {}
    titles: list[str] = []
    sections: list[MdocSection] = []
    values = header
    for line_number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped:
            continue
        if (section := _SECTION.match(stripped)) is not None:
            if section[1] == _TITLE:
                titles.append(section[2].strip())
                continue
            values = {}
            sections.append(MdocSection(section[1], section[2], values))
        elif (entry := _ENTRY.match(stripped)) is not None:
            values[entry[1]] = entry[2].strip()
        else:
            raise BadFile(
                f"Line {line_number} of {name} is no entry of an mdoc: {stripped[:60]!r}."
            )
    if not header and not sections:
        raise BadFile(f"{name} holds no entries; it is not an mdoc.")
    return Mdoc(header, tuple(titles), tuple(sections))


def format_mdoc(mdoc: Mdoc) -> str:
    """The text of an mdoc, as SerialEM lays it out.

    Raises `InvalidInput` for a key or value that would not be read back as it is.
    """
    blocks = ["\n".join(_entry(key, value) for key, value in mdoc.header.items())]
    blocks += [f"[{_TITLE} = {_one_line(title.strip())}]" for title in mdoc.titles]
    for section in mdoc.sections:
        lines = [f"[{section.kind} = {_one_line(section.name)}]"]
        lines += [_entry(key, value) for key, value in section.values.items()]
        blocks.append("\n".join(lines))
    return "\n\n".join(block for block in blocks if block) + "\n"


def save_mdoc(path: Path, mdoc: Mdoc) -> None:
    """Write an mdoc so that it appears whole. Raises `InvalidInput` as `format_mdoc`."""
    text = format_mdoc(mdoc)
    with written_aside(path) as part:
        part.write_text(text, encoding="utf-8")


def _entry(key: str, value: str) -> str:
    if not _KEY.match(key):
        raise InvalidInput({key: f"{key!r} cannot be a key in an mdoc."})
    return f"{key} = {_one_line(value)}"


def _one_line(value: str) -> str:
    if len(value.splitlines()) > 1 or value != value.strip():
        raise InvalidInput({"value": f"{value!r} cannot be a value in an mdoc."})
    return value
