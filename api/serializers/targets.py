"""What was found on a grid and what was exposed, as it is read."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers.picks import DenoisedSerializer, PickingSerializer
from api.serializers.places import ROW
from api.showing import one_shown
from smartscope.domain.status import AnalysisState
from smartscope.models import Atlas, Exposure, FineSum, Group, Hole, Image, Square

TARGET = (
    "number",
    "slug",
    "status",
    "reason",
    "chosen_because",
    "stage_x_um",
    "stage_y_um",
    "stage_z_um",
    "queued_by_person",
)


class AtlasSerializer(serializers.ModelSerializer[Any]):
    class Meta:
        model = Atlas
        fields = (*ROW, "grid", "tiles_image", "image", "needs_review")


class SquareSerializer(serializers.ModelSerializer[Any]):
    """`label` is a person's and wins over `model_label`; pixels are those of the atlas image."""

    outline_px = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()), read_only=True
    )
    image: Any = serializers.PrimaryKeyRelatedField(
        source="picture", read_only=True, allow_null=True
    )

    class Meta:
        model = Square
        fields = (
            *ROW,
            *TARGET,
            "grid",
            "queue_position",
            "x_px",
            "y_px",
            "outline_px",
            "area_um2",
            "label",
            "model_label",
            "probability",
            "score",
            "mean_intensity",
            "external",
            "image",
            "hole_diameter_um",
            "hole_pitch_um",
        )


class GroupSerializer(serializers.ModelSerializer[Any]):
    """Holes exposed from one stage position; `centre` is the hole the stage goes to.

    The seen offset is how far the lattice lay from its map in the group's view, null where no view
    was taken or nothing was recognised in it.
    """

    seen_offset_x_um = serializers.FloatField(allow_null=True, read_only=True)
    seen_offset_y_um = serializers.FloatField(allow_null=True, read_only=True)
    centre = serializers.SerializerMethodField()
    members = serializers.SerializerMethodField()

    class Meta:
        model = Group
        fields = (
            *ROW,
            *TARGET,
            "square",
            "queue_position",
            "defocus_um",
            "longest_shift_um",
            "view_image",
            "seen_offset_x_um",
            "seen_offset_y_um",
            "centre",
            "members",
        )

    def get_centre(self, group: Any) -> str | None:
        holes = (hole for hole in group.holes.all() if hole.group_role == "centre")
        return next((str(hole.pk) for hole in holes), None)

    def get_members(self, group: Any) -> list[str]:
        return [str(hole.pk) for hole in sorted(group.holes.all(), key=lambda hole: hole.number)]


class HoleSerializer(serializers.ModelSerializer[Any]):
    """Pixels are those of the square's image; `predicted` holes come from the lattice only."""

    class Meta:
        model = Hole
        fields = (
            *ROW,
            *TARGET,
            "square",
            "group",
            "group_role",
            "image_shift_x_um",
            "image_shift_y_um",
            "x_px",
            "y_px",
            "radius_um",
            "label",
            "model_label",
            "predicted",
            "score",
            "intensity",
            "ice_thickness_nm",
            "ice_thickness_error_nm",
            "cluster",
            "dose_uncertain",
        )


class FieldMotionSerializer(serializers.Serializer[Any]):
    """How places of the field moved beside the frame as a whole."""

    places = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="x and y of each place, -1 to 1 from edge to edge of the frame",
    )
    shifts_angstrom = serializers.ListField(
        child=serializers.ListField(child=serializers.ListField(child=serializers.FloatField())),
        help_text="for each place and frame x and y in Å, to be added to the frame's shift",
    )


class FineSumSerializer(serializers.ModelSerializer[Any]):
    """The exposure on pixels of half the side: its image, or why there is none."""

    state = serializers.ChoiceField(
        source="analysis.state", choices=[state.value for state in AnalysisState], read_only=True
    )
    error = serializers.CharField(source="analysis.error", read_only=True)

    class Meta:
        model = FineSum
        fields = ("state", "image", "refusal", "error", "expected_to_angstrom", "beyond_nyquist_z")


class ExposureSerializer(serializers.ModelSerializer[Any]):
    """What was measured is null until it was measured.

    `trouble` says why it was given up unmeasured, `warnings` what to check though it was measured.
    """

    square = serializers.UUIDField(source="hole.square_id", read_only=True)
    trouble = serializers.CharField(read_only=True, allow_blank=True)
    shifts_angstrom = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        allow_null=True,
        read_only=True,
    )
    field_motion = FieldMotionSerializer(allow_null=True, read_only=True)
    fine_sum = serializers.SerializerMethodField()
    picking = serializers.SerializerMethodField()
    denoised = serializers.SerializerMethodField()

    @extend_schema_field(FineSumSerializer(allow_null=True))
    def get_fine_sum(self, exposure: Exposure) -> dict[str, Any] | None:
        """Null until somebody asked for one."""
        found = getattr(exposure, "fine_sum", None)
        return None if found is None else one_shown(FineSumSerializer, found)

    @extend_schema_field(PickingSerializer(allow_null=True))
    def get_picking(self, exposure: Exposure) -> dict[str, Any] | None:
        """Null until particles were to be looked for."""
        found = getattr(exposure, "picking", None)
        return None if found is None else one_shown(PickingSerializer, found)

    @extend_schema_field(DenoisedSerializer(allow_null=True))
    def get_denoised(self, exposure: Exposure) -> dict[str, Any] | None:
        """Null until somebody asked for it."""
        found = getattr(exposure, "denoised", None)
        return None if found is None else one_shown(DenoisedSerializer, found)

    class Meta:
        model = Exposure
        fields = (
            *ROW,
            "slug",
            "hole",
            "square",
            "movie",
            "sum_image",
            "weighted_image",
            "spectrum_image",
            "fine_sum",
            "picking",
            "denoised",
            "status",
            "reason",
            "trouble",
            "warnings",
            "movie_name",
            "frames",
            "pixel_size_angstrom",
            "dose_e_per_angstrom2",
            "tilt_deg",
            "target_defocus_um",
            "exposed_at_s",
            "recorded_at",
            "analysed_at",
            "drift_total_angstrom",
            "drift_early_angstrom",
            "shifts_angstrom",
            "field_motion",
            "mean_counts",
            "ice_thickness_nm",
            "ice_rings_nm",
            "ice_rings_error_nm",
            "ice_rings_at_most",
            "defocus_um",
            "defocus_error_um",
            "astigmatism_nm",
            "astigmatism_axis_deg",
            "specimen_tilt_deg",
            "specimen_tilt_error_deg",
            "defocus_rises_deg",
            "ctf_fit_angstrom",
            "ctf_refusal",
            "quality_class",
            "quality_probability",
            "quality_reasons",
            "quality_refusal",
            "quality_plugin",
            "contaminated_fraction",
            "particles",
            "label",
        )


class ImageSerializer(serializers.ModelSerializer[Any]):
    """An image by its id; where the file lies is nobody's business.

    `removed_at`: since then file and tiles are gone, and only the preview can be seen.
    """

    has_preview = serializers.SerializerMethodField()
    has_tiles = serializers.SerializerMethodField()
    pixel_to_stage = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, read_only=True
    )

    class Meta:
        model = Image
        fields = (
            *ROW,
            "grid",
            "kind",
            "source",
            "sha256",
            "bytes",
            "width_px",
            "height_px",
            "sections",
            "pixel_size_angstrom",
            "pixel_to_stage",
            "stage_x_um",
            "stage_y_um",
            "stage_z_um",
            "tilt_deg",
            "defocus_um",
            "dose_e_per_angstrom2",
            "taken_at_s",
            "display_only",
            "has_preview",
            "has_tiles",
            "removed_at",
        )

    def get_has_preview(self, image: Any) -> bool:
        return bool(image.preview_key)

    def get_has_tiles(self, image: Any) -> bool:
        return bool(image.tiles_key) and image.removed_at is None
