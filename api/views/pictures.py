"""Pictures of images by opaque id: a preview, and tiles after the IIIF Image API 3.0, level 0.

Both were derived beforehand; nothing here reads an image. They never change, so browsers keep them.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from api.problems import Problem
from api.resources import IMAGES
from api.schema import Doc
from api.views.base import View
from smartscope.domain.errors import NotFound
from smartscope.queries.removed import removed_words
from smartscope.storage.current import current_store
from smartscope.storage.tile_archive import open_tiles

FOR_EVER = "private, max-age=31536000, immutable"


class Whatever(BaseContentNegotiation):
    """A picture is sent as what it is; `Accept: image/webp` is no reason to refuse a JPEG."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class PictureView(View):
    """Only for those who may see the image's grid."""

    content_negotiation_class = Whatever
    tag = "images"

    def image(self, key: str) -> Any:
        return IMAGES.one(self.reader, key)

    def tiled(self, key: str) -> Any:
        """The image, whose tiles are there. Raises Problem `removed` or `not_derived_yet`."""
        image = self.image(key)
        if image.removed_at is not None or not image.tiles_key:
            raise self.gone_or_not_derived(image, "tile set")
        return image

    def gone_or_not_derived(self, image: Any, what: str) -> Problem:
        """What was not made of an image that is gone is not made any more."""
        if image.removed_at is not None:
            return Problem("removed", removed_words(image))
        return self.not_derived(what)

    def not_derived(self, what: str) -> Problem:
        return Problem(
            "not_derived_yet", f"The {what} of this image is not made yet; ask again in a minute."
        )


class Preview(PictureView):
    """A JPEG of at most 1,024 pixels."""

    docs = {
        "GET": Doc(
            operation_id="get_image_preview",
            summary="A small JPEG",
            answer=OpenApiTypes.BINARY,
            media_type="image/jpeg",
            problems=(410,),
        )
    }

    def get(self, request: Request, key: str) -> HttpResponse:
        image = self.image(key)
        if not image.preview_key:
            raise self.gone_or_not_derived(image, "preview")
        with _stored(image.preview_key, self.not_derived("preview")) as stream:
            return _jpeg(stream.read())


class TilesInfoSerializer(serializers.Serializer[Any]):
    """IIIF Image API 3.0 `info.json`; see the standard for the rest of its members."""

    id = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class TilesInfo(PictureView):
    """Which tiles there are, as an IIIF viewer expects it."""

    docs = {
        "GET": Doc(
            operation_id="get_image_tiles_info",
            summary="Which tiles there are",
            answer=TilesInfoSerializer,
            problems=(410,),
        )
    }

    def get(self, request: Request, key: str) -> Response:
        image = self.tiled(key)
        address = reverse("image-tiles-info", args=[key], request=request)
        with (
            _stored(image.tiles_key, self.not_derived("tile set")) as stream,
            open_tiles(stream) as tiles,
        ):
            info = tiles.info(address.removesuffix("/info.json"))
        return Response(info, headers={"Cache-Control": FOR_EVER})


class Tile(PictureView):
    """One tile; regions and sizes are those of `info.json`."""

    docs = {
        "GET": Doc(
            operation_id="get_image_tile",
            summary="One tile",
            answer=OpenApiTypes.BINARY,
            media_type="image/jpeg",
            problems=(410,),
        )
    }

    def get(self, request: Request, key: str, region: str, size: str) -> HttpResponse:
        image = self.tiled(key)
        with (
            _stored(image.tiles_key, self.not_derived("tile set")) as stream,
            open_tiles(stream) as tiles,
        ):
            return _jpeg(tiles.tile(region, size))


def _stored(key: str, otherwise: Problem) -> Any:
    try:
        return current_store().open(key)
    except NotFound:
        raise otherwise from None


def _jpeg(data: bytes) -> HttpResponse:
    return HttpResponse(data, content_type="image/jpeg", headers={"Cache-Control": FOR_EVER})
