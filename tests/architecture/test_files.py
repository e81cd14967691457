"""Every file keeps to its one idea, and names nothing that exists only where it was written."""

from __future__ import annotations

import ast
import re

from tests.architecture.sources import python_files, relative, text_files

LONGEST_LINES = 400
# path: why reading it whole beats splitting it
NAMES_WITHOUT_AN_IDEA = frozenset(
    {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
)
ONE_MACHINE = re.compile(r"(?<![\w.<~/])/(?:home|root|Users|work|tmp|private|opt)/[\w.-]+")
# path: why a path of the machine is right there
MACHINE_PATHS_FOR_A_REASON = {
    "tests/architecture/test_files.py": "it holds the pattern",
}
REGISTRY = re.compile(r"\b(?:pypi\.org|pythonhosted|registry\.npmjs|registry\.yarnpkg)\b")


def test_no_file_is_longer_than_one_can_read() -> None:
    assert {
        relative(path): lines
        for path in python_files()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_LINES
    } == {}


def test_no_file_is_named_for_having_no_idea() -> None:
    assert [relative(p) for p in python_files() if p.stem in NAMES_WITHOUT_AN_IDEA] == []


def test_an_init_is_empty_or_a_promise() -> None:
    broken = [
        relative(path)
        for path in python_files()
        if path.name == "__init__.py"
        and (text := path.read_text(encoding="utf-8").strip())
        and "__all__" not in text
    ]
    assert broken == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        relative(path)
        for path in python_files()
        if path.name != "__init__.py"
        and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []


def test_no_file_names_a_path_of_one_machine() -> None:
    found = {
        relative(path): sorted(set(ONE_MACHINE.findall(path.read_text(encoding="utf-8"))))
        for path in text_files()
        if ONE_MACHINE.search(path.read_text(encoding="utf-8"))
    }
    assert set(found) <= set(MACHINE_PATHS_FOR_A_REASON), found


def test_no_file_names_a_package_registry() -> None:
    found = [
        relative(path)
        for path in text_files()
        if path.name not in ("package-lock.json", "test_files.py")
        and REGISTRY.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
