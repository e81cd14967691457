"""Every call of the API that the page's sources make: where, how, and which address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "frontend" / "src"
TEMPLATES = ROOT / "frontend" / "templates"

#: what each function of `api/client.ts` sends
METHODS = {
    "get": "get",
    "longPoll": "get",
    "address": "get",
    "post": "post",
    "patch": "patch",
    "put": "put",
    "remove": "delete",
}
#: functions that take an address and read it; their callers name it
READERS = ("overlayReader", "everything")
_TYPES = r"(?:<[^()`\"]*?>)?"
_EITHER = r"[\w.]+\([^()]*\) \? \"[^\"]*\" : \"[^\"]*\""
_ADDRESS = rf"(`[^`]*`|\"[^\"]*\"|{_EITHER}|[\w.]+(?:\([^()]*\))?)"
_CALL = re.compile(rf"(?<![.\w])({'|'.join(METHODS)}){_TYPES}\(\s*{_ADDRESS}")
_READER = re.compile(rf"(?<![.\w])({'|'.join(READERS)}){_TYPES}\(\s*(?:\(\)\s*=>\s*)?{_ADDRESS}")
_LINK = re.compile(r"href=\"api/v1/([^\"?]*)")
_IMPORT = re.compile(r"import \{([^}]*)\} from \"[./]*api/client\"")
_GAP = re.compile(r"\$?\{+([^{}]*)\}+")


@dataclass(frozen=True, slots=True)
class Call:
    """`address` holds `{}` where a value is put in, and is empty where it cannot be told."""

    file: str
    method: str
    address: str
    text: str


def page_calls() -> list[Call]:
    """Calls and links of the whole page, templates included."""
    found: list[Call] = []
    for file in sorted([*SOURCES.rglob("*.ts"), *SOURCES.rglob("*.svelte")]):
        if not file.name.endswith(".test.ts") and file != SOURCES / "api" / "client.ts":
            found += _calls(file, file.read_text("utf-8"))
    for file in sorted(TEMPLATES.rglob("*.html")):
        found += _links(file, file.read_text("utf-8"))
    return found


def _calls(file: Path, source: str) -> Iterator[Call]:
    imported = {
        name.strip() for names in _IMPORT.findall(source) for name in names.split(",")
    } & set(METHODS)
    for name, told in _CALL.findall(source):
        if name in imported and not _is_handed_in(source, told):
            yield from _told(file, METHODS[name], told, source)
    for name, told in _READER.findall(source):
        if f"function {name}" not in source:
            yield from _told(file, "get", told, source)
    yield from _links(file, source)


def _links(file: Path, source: str) -> Iterator[Call]:
    for told in _LINK.findall(source):
        yield Call(str(file.relative_to(ROOT)), "get", _GAP.sub("{}", told), told)


def _told(file: Path, method: str, told: str, source: str) -> Iterator[Call]:
    """One call, or several where a condition or a type chooses between addresses."""
    _, choice, both = told.partition(" ? ")
    several = both if choice else _typed(told.removeprefix("this."), source)
    for one in re.findall(r"\"[^\"]*\"", several) or [told]:
        yield Call(str(file.relative_to(ROOT)), method, _address(one, source), one)


def _typed(name: str, source: str) -> str:
    """The words that a name's type allows, where that is a list of words in the same file."""
    of = re.search(rf"(?<!\w){re.escape(name)}: (\w+)", source)
    words = of and re.search(rf"type {of[1]} = ((?:\"[^\"]*\"(?: \| )?)+);", source)
    return words[1] if words else ""


def _is_handed_in(source: str, told: str) -> bool:
    """Whether the address is a parameter of one of the readers, whose callers are looked at."""
    name = told.removesuffix("()")
    return any(
        re.search(rf"function {reader}{_TYPES}\({name}: ", source) is not None for reader in READERS
    )


def _address(told: str, source: str) -> str:
    if told[0] in '`"':
        return re.sub(
            r"\$\{((?:[^{}]|\{[^{}]*\})*)\}", lambda gap: _filled(gap[1], source), told[1:-1]
        )
    return _defined(told, source)


def _filled(expression: str, source: str) -> str:
    return _defined(expression, source) or "{}"


def _defined(expression: str, source: str) -> str:
    """What a name or a small function of the same file stands for; empty when it says nothing."""
    name = re.escape(expression.split("(", maxsplit=1)[0])
    shape = rf"const {name} = (?:\([^)]*\)(?:: \w+)? => |\$derived\(|)(`[^`]*`|\"[^\"]*\")"
    found = re.search(shape, source)
    return "" if found is None else _address(found[1], source)
