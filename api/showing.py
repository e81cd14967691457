"""Rows as plain values for JSON, by a plan that is made once per serializer.

A serializer decides anew for every request which fields it has, and for every value how to show it.
For a list that is most of the cost of an answer. What a plan shows is what the serializer shows;
where it knows no shorter way it asks the serializer's own field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import ForeignKey
from rest_framework import serializers
from rest_framework.fields import SkipField, is_simple_callable
from rest_framework.relations import PKOnlyObject
from rest_framework.utils.model_meta import get_field_info

Show = Callable[[Any], Any]
Shape = type[serializers.BaseSerializer[Any]]

_PLANS: dict[Shape, Plan] = {}


class Plan:
    """How one serializer's fields are shown; `names` in their order."""

    def __init__(self, serializer: serializers.Serializer[Any]) -> None:
        self._serializer = serializer
        shown = {name: field for name, field in serializer.fields.items() if not field.write_only}
        self._shows = {name: _show(field) for name, field in shown.items()}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._shows)

    def one(self, row: Any, names: Iterable[str] | None = None) -> dict[str, Any]:
        """The row's fields; of `names` only those, which must be known."""
        shows = self._shows
        if isinstance(row, Mapping):
            whole = self._serializer.to_representation(row)
            return dict(whole) if names is None else {name: whole[name] for name in names}
        found = {}
        for name in shows if names is None else names:
            try:
                found[name] = shows[name](row)
            except SkipField:
                continue
        return found


def plan_of(shape: Shape) -> Plan:
    """The plan of a serializer that needs no context; threads that make it at once agree."""
    if shape not in _PLANS:
        serializer = shape()
        assert isinstance(serializer, serializers.Serializer)
        assert _is_ordinary(serializer)
        _PLANS[shape] = Plan(serializer)
    return _PLANS[shape]


def one_shown(shape: Shape, row: Any) -> dict[str, Any]:
    """One row as this serializer shows it."""
    return plan_of(shape).one(row)


def all_shown(
    shape: Shape, rows: Iterable[Any], names: Iterable[str] | None = None
) -> list[dict[str, Any]]:
    """Each row as this serializer shows it; of `names` only those fields."""
    plan = plan_of(shape)
    return [plan.one(row, names) for row in rows]


def _show(field: serializers.Field[Any, Any, Any, Any]) -> Show:
    """From a row to the value of this field."""
    if isinstance(field, serializers.SerializerMethodField):
        assert field.method_name is not None
        method: Show = getattr(field.parent, field.method_name)
        return method
    value = _value(field)
    assert field.source is not None
    if field.source == "*":
        return value
    if (column := _foreign_key(field)) is not None:
        return _of_attribute(field, attrgetter(column), _key)
    if isinstance(field, serializers.RelatedField | serializers.ManyRelatedField):
        return _as_the_field_does(field)
    return _of_attribute(field, attrgetter(field.source), value)


def _of_attribute(
    field: serializers.Field[Any, Any, Any, Any], attribute: Show, value: Show
) -> Show:
    """None stays None; what has no such attribute is the field's own affair."""
    otherwise = _as_the_field_does(field)

    def show(row: Any) -> Any:
        try:
            found = attribute(row)
        except AttributeError:
            return otherwise(row)
        if found is None:
            return None
        return otherwise(row) if is_simple_callable(found) else value(found)

    return show


def _as_the_field_does(field: serializers.Field[Any, Any, Any, Any]) -> Show:
    def show(row: Any) -> Any:
        found: Any = field.get_attribute(row)
        key = found.pk if isinstance(found, PKOnlyObject) else found
        return None if key is None else field.to_representation(found)

    return show


def _value(field: serializers.Field[Any, Any, Any, Any]) -> Show:
    """From a value that is not None to what JSON is given of it."""
    if isinstance(field, serializers.ListSerializer) and _is_ordinary(field.child):
        return _each(field.child)
    if isinstance(field, serializers.Serializer) and _is_ordinary(field):
        return Plan(field).one
    plain = _PLAIN.get(type(field))
    if plain is not None:
        return plain
    if type(field) is serializers.ListField:
        return _list(field)
    if type(field) is serializers.DateTimeField:
        return _time(field)
    return field.to_representation


def _is_ordinary(serializer: Any) -> bool:
    """Whether it shows field by field, as every serializer does that does not say otherwise."""
    return type(serializer).to_representation is serializers.Serializer.to_representation


def _each(child: Any) -> Show:
    plan = Plan(child)

    def show(rows: Any) -> Any:
        return [plan.one(row) for row in (rows.all() if hasattr(rows, "all") else rows)]

    return show


def _list(field: Any) -> Show:
    item = _value(field.child)

    def show(values: Any) -> Any:
        return [None if one is None else item(one) for one in values]

    def show_numbers(values: Any) -> Any:
        try:
            return [*map(float, values)]
        except TypeError:  # one of them is not known
            return show(values)

    return show_numbers if item is float else show


def _time(field: Any) -> Show:
    def show(time: Any) -> Any:
        text = time if isinstance(time, str) else time.isoformat()
        return f"{text[:-6]}Z" if text.endswith("+00:00") else field.to_representation(time)

    return show


def _key(key: Any) -> Any:
    return str(key) if isinstance(key, UUID) else key


_PLAIN: dict[type, Show] = {
    serializers.UUIDField: str,
    serializers.CharField: str,
    serializers.IntegerField: int,
    serializers.FloatField: float,
}


def _foreign_key(field: serializers.Field[Any, Any, Any, Any]) -> str | None:
    """The column that holds the key of the row this field names, where there is one."""
    if type(field) is not serializers.PrimaryKeyRelatedField or field.pk_field is not None:
        return None
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    if model is None or field.source not in get_field_info(model).forward_relations:
        return None
    column = get_field_info(model).forward_relations[field.source].model_field
    return column.attname if isinstance(column, ForeignKey) else None
