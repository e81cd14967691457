"""Make `.venv` and the page out of nothing but Python and a package index; standard library only.

A second run finds its stamps and changes nothing. uv does the installing because it is many times
faster; where it cannot be had, pip does.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.sha256"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
INSTALLER = "uv==0.13.9"
OLDEST_PYTHON = (3, 11)


def main() -> int:
    """Everything that `make setup` does; returns the exit code."""
    began_s = time.monotonic()
    if sys.version_info < OLDEST_PYTHON:
        version = ".".join(map(str, sys.version_info[:3]))
        print(
            f"This is Python {version}; smartscope needs 3.11 or newer. "
            "Install one and say make setup PYTHON=python3.12 (or whichever it is)."
        )
        return 1
    wanted = stamp()
    if not (PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted):
        if not (create() and install()):
            return 1
        STAMP.write_text(wanted)
        print(f"Installed {VENV.name} in {time.monotonic() - began_s:.0f} s.")
    page = subprocess.run([PYTHON, "-m", "tools.page", "build"], cwd=ROOT, check=False)
    return page.returncode


def stamp() -> str:
    """What the environment was made from: the requirement files and this Python."""
    digest = hashlib.sha256(sys.version.encode())
    for name in REQUIREMENTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def create() -> bool:
    """Make the virtual environment if there is none; says what to do when Python cannot."""
    if PYTHON.exists():
        return True
    print(f"Creating {VENV.name} with Python {sys.version.split()[0]} ...", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return True
    print(done.stdout + done.stderr)
    print(
        "This Python cannot make virtual environments. On Debian and Ubuntu install python3-venv; "
        "or choose another with make setup PYTHON=/path/to/python3."
    )
    return False


def install() -> bool:
    """Install the pinned packages, with uv if it can be had, else with pip."""
    print("Installing the pinned packages ...", flush=True)
    pip = [str(PYTHON), "-m", "pip"]
    target = ["-r", str(ROOT / "requirements-dev.txt")]
    if subprocess.run([*pip, "install", "--quiet", INSTALLER], check=False).returncode == 0:
        uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]
        settings = uv_settings(pip_settings())
        environment = {**os.environ, **settings, "UV_PYTHON_DOWNLOADS": "never"}
        if subprocess.run([*uv, *target], env=environment, check=False).returncode == 0:
            return True
        print("uv could not install them; pip tries, which takes a few minutes.", flush=True)
    if subprocess.run([*pip, "install", "--quiet", *target], check=False).returncode == 0:
        return True
    print(
        "The packages could not be installed. Is the package index reachable? pip config list "
        "shows what pip uses. Then run make setup again."
    )
    return False


def pip_settings() -> dict[str, str]:
    """What pip is configured with, from its files and the environment: `index-url` and the like.

    The environment overrides the files, as it does for pip.
    """
    listed = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    settings: dict[str, str] = {}
    overriding: dict[str, str] = {}
    for line in listed.splitlines():
        name, _, quoted = line.partition("=")
        section, _, key = name.rpartition(".")
        value = " ".join(shlex.split(quoted))
        if section == ":env:":
            overriding[key] = value
        elif section in ("global", "install"):
            settings[key] = value
    return settings | overriding


def uv_settings(pip: Mapping[str, str]) -> dict[str, str]:
    """The same configuration as variables of uv, which does not read pip's."""
    settings = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # as pip: the best of all indexes
    if "index-url" in pip:
        settings["UV_DEFAULT_INDEX"] = pip["index-url"]
    if "extra-index-url" in pip:
        settings["UV_INDEX"] = pip["extra-index-url"]
    if "find-links" in pip:
        # pip passes over a directory that is not there; for uv it is an error
        links = [link for link in pip["find-links"].split() if "://" in link or Path(link).is_dir()]
        if links:
            settings["UV_FIND_LINKS"] = ",".join(links)
    if pip.get("no-index", "").lower() in ("1", "true", "yes"):
        settings["UV_NO_INDEX"] = "1"
    if "cert" in pip:
        settings["SSL_CERT_FILE"] = pip["cert"]
    if "trusted-host" in pip:
        settings["UV_INSECURE_HOST"] = pip["trusted-host"]
    timeout = pip.get("timeout", pip.get("default-timeout", ""))
    if timeout:
        settings["UV_HTTP_TIMEOUT"] = timeout
    return settings


if __name__ == "__main__":
    sys.exit(main())
