"""Rules on tables: each takes model classes and returns what is wrong, as lines to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from django.db import models

Model = type[models.Model]
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def room_of(model: Model) -> str | None:
    """The package of `tanhui` that owns the table, or nothing for tables of libraries."""
    parts = model.__module__.split(".")
    return parts[1] if parts[0] == "tanhui" and len(parts) > 1 else None


def keys_that_climb(tables: Iterable[Model], floors: Mapping[str, int]) -> list[str]:
    """Foreign keys point to the same room or down. Tables of libraries lie below every floor."""
    found = []
    for model in tables:
        room = room_of(model)
        for field in model._meta.get_fields():
            if field.auto_created or not field.is_relation or field.related_model is None:
                continue
            target = field.related_model
            other = room_of(target) if isinstance(target, type) else None
            if room is None or other is None or other == room:
                continue
            if floors[other] >= floors[room]:
                found.append(f"{model._meta.label}.{field.name} points to {other}, which is not below {room}")
    return found


def without_chinese_names(tables: Iterable[Model]) -> list[str]:
    """Every table and every column has a Chinese name: officials read them in the admin window."""
    found = []
    for model in tables:
        for what in ("verbose_name", "verbose_name_plural"):
            if not _CHINESE.search(str(getattr(model._meta, what))):
                found.append(f"{model._meta.label} has no Chinese {what}")
        for field in _declared(model):
            if not _CHINESE.search(str(field.verbose_name)):
                found.append(f"{model._meta.label}.{field.name} has no Chinese verbose_name")
    return found


def unmarked_personal(tables: Iterable[Model], keeper: str = "parties") -> list[str]:
    """Every column is marked personal or not; personal ones exist in `parties` only."""
    found = []
    for model in tables:
        label = model._meta.label
        own = vars(model)
        if room_of(model) != keeper:
            if own.get("PERSONAL") != frozenset():
                found.append(f"{label} must declare PERSONAL = frozenset()")
            continue
        if not isinstance(own.get("PERSONAL"), frozenset) or not isinstance(own.get("PLAIN"), frozenset):
            found.append(f"{label} must declare PERSONAL and PLAIN, both frozensets")
            continue
        personal, plain = own["PERSONAL"], own["PLAIN"]
        names = {field.name for field in _declared(model)}
        implied = {field.name for field in model._meta.get_fields()} - names
        found += [f"{label}.{name} is marked both personal and plain" for name in sorted(personal & plain)]
        found += [f"{label}.{name} is not marked" for name in sorted(names - personal - plain)]
        found += [f"{label}.{name} is marked but no field" for name in sorted((personal | plain) - names - implied)]
    return found


def float_columns(tables: Iterable[Model]) -> list[str]:
    """No column holds a float, also none that a library's mixin brings."""
    return [
        f"{model._meta.label}.{field.name} is a float"
        for model in tables
        for field in _declared(model)
        if isinstance(field, models.FloatField)
    ]


def implicit_tables(tables: Iterable[Model]) -> list[str]:
    """A table is named by its room and its noun, not by chance."""
    found = []
    for model in tables:
        room = room_of(model)
        if not model._meta.db_table.startswith(f"{room}_") or model._meta.db_table != model._meta.db_table.lower():
            found.append(f"{model._meta.label} is stored in {model._meta.db_table}, not in {room}_…")
        if "db_table" not in model._meta.original_attrs:
            found.append(f"{model._meta.label} does not name its db_table")
    return found


def _declared(model: Model) -> list[models.Field]:  # type: ignore[type-arg]
    """The fields that are columns and that somebody wrote: no implied id, no composite key over others."""
    return [
        field
        for field in [*model._meta.fields, *model._meta.many_to_many]
        if not field.auto_created and not isinstance(field, models.CompositePrimaryKey)
    ]
