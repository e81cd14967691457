"""Reads XML that others wrote: no document types, no entities, bounded size and depth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Never
from xml.parsers import expat

from smartscope.analysis.io.limits import MAX_METADATA_BYTES
from smartscope.domain.errors import BadFile

MAX_DEPTH: Final = 100
_NAMESPACE_END: Final = " "


@dataclass(slots=True)
class XmlNode:
    """An element by its local name (namespaces dropped), its own text, children, attributes."""

    name: str
    text: str = ""
    children: list[XmlNode] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)

    def all(self, name: str) -> Iterator[XmlNode]:
        """Children called `name`."""
        return (child for child in self.children if child.name == name)

    def find(self, *path: str) -> XmlNode | None:
        """The first descendant along `path`, a child's name at each step."""
        node: XmlNode | None = self
        for name in path:
            node = next(node.all(name), None) if node is not None else None
        return node

    def descendants(self, name: str) -> Iterator[XmlNode]:
        """Every element called `name` below this one, in document order."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.descendants(name)

    def text_at(self, *path: str) -> str | None:
        """Text along `path`; None when the element is missing or empty."""
        node = self.find(*path)
        return (node.text.strip() or None) if node is not None else None

    def number_at(self, *path: str) -> float | None:
        """The number along `path`; None when it is missing or no finite number."""
        return number(self.text_at(*path))


def number(text: str | None) -> float | None:
    """A finite number written in `text`, else None."""
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and abs(value) < float("inf") else None


def read_xml(path: Path) -> XmlNode:
    """The root element of a file. Raises `BadFile` when it is missing, unsafe or not XML."""
    try:
        if path.stat().st_size > MAX_METADATA_BYTES:
            raise BadFile(f"{path.name} is larger than 64 MiB; metadata never is.")
        data = path.read_bytes()
    except OSError as error:
        raise BadFile(f"{path.name} cannot be read: {error.strerror}.") from error
    return parse_xml(data, name=path.name)


def parse_xml(data: bytes, *, name: str) -> XmlNode:
    """The root element of a document called `name`. Raises `BadFile` when unsafe or not XML."""
    try:
        return _Builder(name).parse(data)
    except expat.ExpatError as error:
        raise BadFile(f"{name} is not well-formed XML ({error}).") from error


class _Builder:
    """Turns parser events into nodes, refusing what could reach outside the file."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._root: XmlNode | None = None
        self._open: list[XmlNode] = []

    def parse(self, data: bytes) -> XmlNode:
        parser = expat.ParserCreate(namespace_separator=_NAMESPACE_END)
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse
        parser.Parse(data, True)
        if self._root is None:
            raise BadFile(f"{self._name} is empty.")
        return self._root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise BadFile(f"{self._name} nests elements deeper than {MAX_DEPTH}; it is refused.")
        node = XmlNode(name.rpartition(_NAMESPACE_END)[2], attributes=attributes)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node
        self._open.append(node)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _characters(self, text: str) -> None:
        self._open[-1].text += text

    def _refuse(self, *_: object) -> Never:
        raise BadFile(f"{self._name} declares a document type or entities; it is refused.")
