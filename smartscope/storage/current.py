"""The store this service is configured to use: one setting, `SMARTSCOPE_STORAGE_URL`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.files.storage import Storage
from django.utils.module_loading import import_string

from smartscope.domain.errors import InvalidInput
from smartscope.storage.local import LocalStore
from smartscope.storage.remote import RemoteStore
from smartscope.storage.store import Store

S3_BACKEND = "storages.backends.s3.S3Storage"


def current_store() -> Store:
    """The configured store. Raises `InvalidInput` for a URL that names no store we know."""
    return store_at(settings.SMARTSCOPE_STORAGE_URL)


@lru_cache(maxsize=8)
def store_at(url: str) -> Store:
    """The store at `file:///directory` (which must exist) or `s3://bucket/prefix`."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        return LocalStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        return RemoteStore(_bucket(parts.netloc, parts.path.strip("/")), url)
    raise InvalidInput(
        {
            "SMARTSCOPE_STORAGE_URL": f"{url!r} names no storage; give file:///absolute/directory "
            "or s3://bucket/prefix."
        }
    )


def _bucket(name: str, prefix: str) -> Storage:
    try:
        backend = import_string(S3_BACKEND)
    except ImportError as error:
        raise InvalidInput(
            {
                "SMARTSCOPE_STORAGE_URL": "s3:// needs the django-storages package with its s3 "
                "extra; install it or use file://."
            }
        ) from error
    return cast(
        Storage, backend(bucket_name=name, location=prefix, file_overwrite=True, default_acl=None)
    )
