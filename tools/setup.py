"""Make `.venv` and the page out of nothing but Python and a package index; standard library only.

A second run finds its stamps and changes nothing. uv does the installing because it is many times
faster; where it cannot be had, pip does.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.sha256"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
INSTALLER = "uv==0.13.9"
OLDEST_PYTHON = (3, 11)
RUNNING = ".".join(map(str, sys.version_info[:3]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Everything that `make setup` does; returns the exit code.

    `--chosen`: the Python that runs this was asked for (make setup PYTHON=...), so an environment
    made with another is made anew. Without it a sound environment is kept, whoever made it.
    """
    began_s = time.monotonic()
    chosen = "--chosen" in (sys.argv[1:] if arguments is None else arguments)
    if not ready(VENV, chosen=chosen):
        return 1
    wanted = stamp(VENV)
    if not (STAMP.exists() and STAMP.read_text() == wanted):
        if not install():
            return 1
        STAMP.write_text(wanted)
        print(f"Installed {VENV.name} in {time.monotonic() - began_s:.0f} s.")
    page = subprocess.run([PYTHON, "-m", "tools.page", "build"], cwd=ROOT, check=False)
    return page.returncode


def ready(venv: Path, *, chosen: bool) -> bool:
    """A sound virtual environment, made anew where need be; False after saying why there is none.

    One that is there is removed only when this Python can make another.
    """
    there = venv.exists()
    reason = unusable(venv) or (made_by_another(venv) if there and chosen else "")
    if there and not reason:
        return True
    if impossible := cannot_make():
        print(impossible)
        return False
    if reason:
        print(f"{venv.name} {reason}; it is made anew.", flush=True)
        shutil.rmtree(venv)
    return create(venv)


def cannot_make() -> str:
    """Why this Python cannot make an environment and what to do, "" when it can."""
    if sys.version_info < OLDEST_PYTHON:
        return (
            f"This is Python {RUNNING}; smartscope needs 3.11 or newer. "
            "Install one and say make setup PYTHON=python3.12 (or whichever it is)."
        )
    if importlib.util.find_spec("ensurepip") is None:
        return (
            f"Python {RUNNING} in {sys.base_prefix} cannot make virtual environments: it has no "
            "ensurepip. On Debian and Ubuntu install python3-venv; or choose another Python with "
            "make setup PYTHON=/path/to/python3."
        )
    return ""


def stamp(venv: Path) -> str:
    """What the environment was made from: the requirement files and its Python."""
    digest = hashlib.sha256(version_of(venv).encode())
    for name in REQUIREMENTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def unusable(venv: Path) -> str:
    """Why an environment that is there cannot be used, "" when it can or when there is none."""
    if not venv.exists():
        return ""
    python = venv / "bin" / "python"
    if not python.exists():
        return "has no Python any more: the one it was made with is gone"
    try:
        done = subprocess.run([python, "-c", "import pip"], capture_output=True, check=False)
    except OSError as error:
        return f"has a Python that does not start ({error.strerror})"
    return "" if done.returncode == 0 else "is only half made: pip is missing or does not start"


def made_by_another(venv: Path) -> str:
    """Which other Python an environment was made with, "" when it was the one that runs this."""
    here = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    there = _configuration(venv).get("executable", "")
    if version_of(venv) == RUNNING and there == here:
        return ""
    whose = f"Python {version_of(venv)} ({there})" if there else "another Python"
    return f"was made with {whose}, not with {RUNNING} ({here})"


def version_of(venv: Path) -> str:
    """The version that an environment says it was made with, such as 3.11.9; "" unknown."""
    return _configuration(venv).get("version", "")


def _configuration(venv: Path) -> dict[str, str]:
    file = venv / "pyvenv.cfg"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def create(venv: Path) -> bool:
    """Make a virtual environment with this Python; says what to do when it cannot."""
    print(f"Creating {venv.name} with Python {RUNNING} ...", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        # without pip it would look made to the next run
        shutil.rmtree(venv, ignore_errors=True)
        print(f"{done.stdout}{done.stderr}{venv.name} could not be made, for the reason above.")
    return done.returncode == 0


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
