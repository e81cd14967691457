"""What the environment may say, read and checked in one place; settings only name the answers."""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from smartscope.domain.errors import SmartscopeError

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


class BadEnvironment(SmartscopeError):
    """A variable of the environment cannot be used; the message names it and what it may be."""


def text(name: str, default: str = "") -> str:
    """The variable, stripped; a variable set to nothing counts as not set."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """A yes-or-no variable. Raises BadEnvironment for any other word."""
    if name not in os.environ:
        return default
    word = os.environ[name].strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise BadEnvironment(f"{name} is {word!r}; say 1 or 0.")


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    """A whole number not below `minimum`. Raises BadEnvironment otherwise."""
    word = text(name)
    if not word:
        return default
    try:
        value = int(word)
    except ValueError as error:
        raise BadEnvironment(f"{name} is {word!r}; give a whole number.") from error
    if value < minimum:
        raise BadEnvironment(f"{name} is {value}; it may not be below {minimum}.")
    return value


def number(name: str, default: float) -> float:
    """A number above 0. Raises BadEnvironment otherwise."""
    word = text(name, str(default))
    try:
        value = float(word)
    except ValueError as error:
        raise BadEnvironment(f"{name} is {word!r}; give a number.") from error
    if not 0 < value < float("inf"):
        raise BadEnvironment(f"{name} is {word}; it must be above 0 and finite.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas, empty parts left out."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks separated by commas. Raises BadEnvironment for anything else."""
    found = []
    for word in words(name):
        try:
            found.append(ip_network(word))
        except ValueError as error:
            raise BadEnvironment(
                f"{name} has {word!r}; give addresses or networks such as 10.0.0.2, 10.1.0.0/24."
            ) from error
    return found


def pairs(name: str) -> dict[str, str]:
    """A table written as `A=x,B=y`. Raises BadEnvironment otherwise."""
    found = {}
    for word in words(name):
        key, equals, value = word.partition("=")
        if not (key and equals and value):
            raise BadEnvironment(f"{name} has {word!r}; write each as A=x, separated by commas.")
        found[key.strip()] = value.strip()
    return found


def choice(name: str, allowed: tuple[str, ...], default: str) -> str:
    """One of a few words. Raises BadEnvironment for any other."""
    word = text(name, default)
    if word not in allowed:
        raise BadEnvironment(f"{name} is {word!r}; it may be {', '.join(allowed)}.")
    return word


def path(name: str, default: Path) -> Path:
    """A directory or file; `~` means the home of the account the process runs as."""
    return Path(text(name, str(default))).expanduser()


def secret(name: str, default: str = "") -> str:
    """A secret from NAME, or from the file that NAME_FILE names (as container secrets are)."""
    file_name = text(f"{name}_FILE")
    if not file_name:
        return text(name, default)
    try:
        return Path(file_name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadEnvironment(f"{name}_FILE names {file_name}, which cannot be read.") from error


def postgresql(url: str) -> dict[str, Any]:
    """Django's connection parameters for a `postgresql://` address.

    A Unix socket is given as `postgresql://user@/name?host=/directory`; every other query parameter
    is handed to libpq. Raises BadEnvironment for anything that is not PostgreSQL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise BadEnvironment(
            f"DATABASE_URL begins with {parts.scheme or 'nothing'!r}; it must be postgresql://"
        )
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "smartscope",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": options.pop("port", str(parts.port or "")),
        "OPTIONS": options,
    }


def celery_redis(url: str) -> str:
    """The same Redis as Celery says it: a socket is `redis+socket`, a database a virtual host."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    database = dict(parse_qsl(parts.query)).get("db", "0")
    return f"redis+socket://{parts.path}?virtual_host={database}"
