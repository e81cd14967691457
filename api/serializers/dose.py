"""The dose ledger: every journaled image of a target, summed, with what nobody is sure of."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from smartscope.queries.dose_ledger import Certainty


class DoseSerializer(serializers.Serializer[Any]):
    """`possible` was sent to the microscope, and no image proves that the beam came.

    Routines (height, focus, drift ...) leave no image; `images` are those they took, or the most
    they take. What `is_beside` landed `beside_um` from the target, null where a site does not say.
    """

    area = serializers.CharField()
    certainty = serializers.ChoiceField(choices=[str(one) for one in Certainty])
    dose_e_per_angstrom2 = serializers.FloatField()
    at_s = serializers.FloatField(allow_null=True)
    step = serializers.UUIDField()
    step_number = serializers.IntegerField()
    epoch = serializers.IntegerField()
    item = serializers.CharField()
    target = serializers.CharField()
    images = serializers.IntegerField()
    is_beside = serializers.BooleanField()
    beside_um = serializers.FloatField(allow_null=True)


class DoseOfAreaSerializer(serializers.Serializer[Any]):
    area = serializers.CharField()
    is_beside = serializers.BooleanField()
    images = serializers.IntegerField()
    given_e_per_angstrom2 = serializers.FloatField()
    possible_e_per_angstrom2 = serializers.FloatField()


class DoseLedgerSerializer(serializers.Serializer[Any]):
    """Sums are over everything; `doses` are the newest, `left_out` the number of the others."""

    of = serializers.CharField()
    planned_e_per_angstrom2 = serializers.FloatField()
    given_e_per_angstrom2 = serializers.FloatField()
    possible_e_per_angstrom2 = serializers.FloatField()
    beside_e_per_angstrom2 = serializers.FloatField()
    uncertain = serializers.BooleanField()
    areas = DoseOfAreaSerializer(many=True)
    doses = DoseSerializer(many=True)
    left_out = serializers.IntegerField()
    as_of_seq = serializers.IntegerField()
