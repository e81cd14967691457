"""A stranger's package, installed by pip, is found by its entry point and keeps the contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "docs" / "example_plugin"
CHECKS = """
from smartscope.analysis import contract, registry
from smartscope.analysis.base import FindContext, Level
from tests.analysis.pictures import draw_film, recall

drawn = draw_film()
finder = registry.finder("bright-spots")
assert registry.card("bright-spots").version == "1.0.0"
contract.check_manifest(finder)
for context in (drawn.context, FindContext()):
    contract.check_awkward_images(finder, Level.SQUARE, context)
found = finder.find(drawn.image, drawn.context)
contract.check_findings(finder, drawn.image, found)
contract.check_determinism(finder, drawn.image, drawn.context)
contract.check_grey_change(finder, drawn.image, drawn.context)
contract.check_quarter_turn(finder, drawn.image, drawn.context)
assert recall(found.positions_px, drawn.truth, 2.5) > 0.8
assert "bright-spots" in {plugin.manifest.name for plugin in registry.survey()[0]}
"""


@pytest.mark.timeout(300)
def test_an_installed_package_adds_a_finder(tmp_path: Path) -> None:
    pytest.importorskip("setuptools", reason="the example is built with setuptools")
    source = tmp_path / "source"
    for file in EXAMPLE.rglob("*"):
        if file.is_file() and file.suffix in {".py", ".toml", ".md"}:
            copy = source / file.relative_to(EXAMPLE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    site = tmp_path / "site"
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", str(site)]
    install = [sys.executable, "-m", "pip", "install", *options, str(source)]
    made = subprocess.run(install, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    ran = subprocess.run(
        [sys.executable, "-c", CHECKS],
        capture_output=True,
        text=True,
        check=False,
        cwd=EXAMPLE.parents[1],
        env={"PYTHONPATH": str(site), "PATH": "", "OMP_NUM_THREADS": "1"},
    )
    assert ran.returncode == 0, ran.stderr
