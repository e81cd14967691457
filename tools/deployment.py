"""What `docker-compose.yml` and `Dockerfile` promise, checked without Docker.

Everything named must exist (commands, modules, files, networks, secrets), images are pinned, no
port is open beyond this machine, nothing runs as root in our own image, everything has a health
check.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"[\w./-]+:[\w.-]*\d+\.\d+[\w.-]*")
DJANGO_COMMANDS = frozenset({"migrate", "collectstatic"})
OURS = ("smartscope", "api", "workers", "frontend")


def main() -> int:
    """Print every broken promise; returns 1 if there is one."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    problems = [*compose_problems(compose, ROOT), *dockerfile_problems(dockerfile, ROOT)]
    print("\n".join(problems) or "docker-compose.yml and Dockerfile keep their promises.")
    return 1 if problems else 0


def compose_problems(compose: Mapping[str, Any], root: Path) -> Iterator[str]:
    """Sentences about what is wrong with a parsed compose file."""
    for name, service in compose["services"].items():
        yield from (f"{name}: {text}" for text in _service_problems(service, compose, root))


def _service_problems(
    service: Mapping[str, Any], compose: Mapping[str, Any], root: Path
) -> Iterator[str]:
    if "build" not in service and not PINNED.fullmatch(service.get("image", "")):
        yield f"image {service.get('image')!r} is not pinned to a version."
    if service.get("privileged"):
        yield "runs privileged."
    for port in service.get("ports", ()):
        if not str(port).startswith("127.0.0.1:"):
            yield f"port {port} is open beyond this machine; begin it with 127.0.0.1:"
    if not service.get("healthcheck"):
        yield "has no health check."
    yield from _reference_problems(service, compose, root)
    if "build" in service:
        yield from command_problems(list(service.get("command", ())), root)
        test = list(service.get("healthcheck", {}).get("test", ()))
        if test:
            yield from command_problems(test[1:], root)


def _reference_problems(
    service: Mapping[str, Any], compose: Mapping[str, Any], root: Path
) -> Iterator[str]:
    for kind in ("networks", "secrets"):
        for used in service.get(kind, ()):
            if used not in compose.get(kind, {}):
                yield f"uses {used}, which {kind} does not define."
    for other in service.get("depends_on", {}):
        if other not in compose["services"]:
            yield f"depends on {other}, which does not exist."
    for volume in service.get("volumes", ()):
        source = str(volume).partition(":")[0]
        if source.startswith(".") and not (root / source).exists():
            yield f"mounts {source}, which does not exist."
        elif not source.startswith((".", "/")) and source not in compose.get("volumes", {}):
            yield f"uses volume {source}, which volumes does not define."


def command_problems(command: list[str], root: Path) -> Iterator[str]:
    """Sentences about what a command of our own image names and the project does not have."""
    match command:
        case ["python", "manage.py", verb, *_]:
            if verb not in DJANGO_COMMANDS and not _has_command(verb, root):
                yield f"runs manage.py {verb}, which does not exist."
        case ["python", "-m", module, *_]:
            if importlib.util.find_spec(module) is None:
                yield f"runs module {module}, which does not exist."
        case ["gunicorn" | "uvicorn", target, *_]:
            if not (root / f"{target.partition(':')[0].replace('.', '/')}.py").exists():
                yield f"serves {target}, which does not exist."
        case ["celery", *options]:
            app = next((o.partition("=")[2] for o in options if o.startswith("--app=")), "")
            if not app or not (root / f"{app.replace('.', '/')}.py").exists():
                yield f"works for {app or 'no application'}, which does not exist."
        case _:
            yield f"runs {' '.join(command) or 'nothing'}, which is none of our programs."


def _has_command(verb: str, root: Path) -> bool:
    return any((root / app / "management" / "commands" / f"{verb}.py").exists() for app in OURS)


def dockerfile_problems(dockerfile: str, root: Path) -> Iterator[str]:
    """Sentences about what is wrong with the Dockerfile."""
    lines = dockerfile.replace("\\\n", " ").splitlines()
    words = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    for line in words:
        if line[0] == "FROM" and not PINNED.fullmatch(line[1]):
            yield f"Dockerfile: image {line[1]} is not pinned to a version."
        if line[0] == "COPY" and not line[1].startswith("--from="):
            for source in line[1:-1]:
                if not (root / source).exists():
                    yield f"Dockerfile: copies {source}, which does not exist."
    users = [line[1] for line in words if line[0] == "USER"]
    if not users or users[-1] in ("root", "0"):
        yield "Dockerfile: runs as root; end it with USER and an account without rights."


if __name__ == "__main__":
    sys.exit(main())
