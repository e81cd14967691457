"""How much room is left where images are written, and what that means for the night."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

from smartscope.domain.suspenders import Signal
from smartscope.storage.store import Store
from workers.bridge.helm import Helm
from workers.bridge.names import is_local

GIB = 1024**3
#: (signal, part of the volume, and how many bytes are always enough), the worst first
LIMITS = (
    (Signal.DISK_FULL, 0.05, 50 * GIB),
    (Signal.DISK_SCARCE, 0.10, 200 * GIB),
    (Signal.DISK_LOW, 0.15, 400 * GIB),
)
_LEVELS = tuple(signal for signal, *_ in LIMITS)


def disk_levels(helm: Helm) -> dict[Signal, str]:
    """The signals of storage and disk that are bad now; a storage that hangs is not asked.

    A large volume with a small part free still has room enough for a night.
    """
    if helm.storage_bad():
        return {Signal.STORAGE: ""}
    free = free_bytes(helm.store, helm.spool)
    total = shutil.disk_usage(_volume(helm.store, helm.spool)).total
    found = {**_of_camera(helm), **level_of(free, total)}
    worst = [signal for signal in (Signal.STORAGE, *_LEVELS) if signal in found][:1]
    return {signal: found[signal] for signal in worst}


def free_bytes(store: Store, spool: Path) -> int:
    """Room left where images are written first."""
    free = store.free_bytes() if is_local(store) else None
    return shutil.disk_usage(_volume(store, spool)).free if free is None else free


def level_of(
    free_bytes: int, total_bytes: int, where: str = "where images are written"
) -> dict[Signal, str]:
    """The first limit that is not kept."""
    for signal, part, enough_bytes in LIMITS:
        if free_bytes < min(part * total_bytes, enough_bytes):
            return {signal: f"{free_bytes / GIB:.1f} GiB are free {where}"}
    return {}


def _of_camera(helm: Helm) -> dict[Signal, str]:
    """The disk the camera saves movies on, where that is not ours: full, it loses what is exposed.

    One that cannot be reached takes no movie home.
    """
    folder = helm.microscope.camera.frames_folder()
    if folder is None:
        return {}
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        return {Signal.STORAGE: f"the camera's frames folder cannot be reached: {error.strerror}"}
    return level_of(usage.free, usage.total, "where the camera saves its movies")


def _volume(store: Store, spool: Path) -> Path:
    """The directory images are written to first: the storage's own, else the spool's."""
    if is_local(store):
        return Path(unquote(urlsplit(store.root_url).path))
    spool.mkdir(parents=True, exist_ok=True)
    return spool
