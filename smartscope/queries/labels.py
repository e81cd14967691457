"""What people called squares, holes and exposures: every word with its author and time."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from smartscope.models import Image, Label
from smartscope.queries.visible import Reader, visible_exposures, visible_holes, visible_squares


def visible_labels(reader: Reader) -> QuerySet[Label]:
    """Labels of targets the reader may see."""
    labels = Label.objects.select_related("author")
    if reader.sees_everything:
        return labels
    return labels.filter(
        Q(resource="square", object_id__in=visible_squares(reader).values("pk"))
        | Q(resource="hole", object_id__in=visible_holes(reader).values("pk"))
        | Q(resource="exposure", object_id__in=visible_exposures(reader).values("pk"))
    )


def newest_labels(resource: str, ids: set[UUID]) -> dict[UUID, Label]:
    """The label that counts of each of these targets; without those nobody ever labelled."""
    rows = Label.objects.filter(resource=resource, object_id__in=ids).select_related("author")
    return {row.object_id: row for row in rows.order_by("created_at", "pk")}


def said_by(given: Label | None, otherwise: datetime) -> tuple[str, str]:
    """Author's name, empty where the account is gone, and time as ISO 8601 in UTC."""
    author = given.author if given is not None else None
    at = given.created_at if given is not None else otherwise
    name = author.get_username() if author is not None else ""
    return name, at.astimezone(UTC).isoformat(timespec="seconds")


def checksums(image: Image) -> tuple[str, ...]:
    """SHA-256 of the picture, and of everything it was made from."""
    found: list[str] = []
    made: Image | None = image
    while made is not None:
        found.append(made.sha256)
        made = made.source
    return tuple(found)
