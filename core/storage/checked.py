"""What was stored, read as values of declared types: whoever reads on needs not ask what they are.

A kind is `str`, `int`, `float`, `bool`, a `Literal` of texts, a `tuple` of one kind, one of these
or None, or a dataclass of such fields.
"""

import dataclasses
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from bandweave.storage.json_file import is_number

Kind = TypeVar("Kind")


def checked(kind: type[Kind], value: object, longest: int) -> Kind:
    """Return parsed JSON as a dataclass; ValueError where it is another thing.

    Numbers are finite, lists have at most `longest` entries.

    >>> @dataclasses.dataclass
    ... class Curve:
    ...     knots: tuple[float, ...]
    >>> checked(Curve, {"knots": [0, 1.5], "added later": None}, 10)
    Curve(knots=(0.0, 1.5))
    """
    return cast(Kind, _fitting(kind, value, longest, "it"))


def _fitting(kind: Any, value: object, longest: int, name: str) -> Any:
    """Return a stored value as the kind that is declared; ValueError where it is another."""
    shape, inner = get_origin(kind), get_args(kind)
    if shape is UnionType:
        (some,) = (each for each in inner if each is not NoneType)
        return None if value is None else _fitting(some, value, longest, name)
    if dataclasses.is_dataclass(kind):
        return _fields(kind, value, longest, name)
    if shape is tuple and isinstance(value, list) and len(value) <= longest:
        return tuple(_fitting(inner[0], each, longest, name) for each in value)
    if shape is Literal and isinstance(value, str) and value in inner:
        return value
    if kind is float and is_number(value):
        return float(cast(float, value))
    if kind in (str, int, bool) and type(value) is kind:
        return value
    raise ValueError(f"{name} is not what it should be")


def _fields(kind: Any, value: object, longest: int, name: str) -> Any:
    """Return a dataclass of a stored mapping; what is not a field was added by a later version."""
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not what it should be")
    kinds, given = get_type_hints(kind), {}
    for field in dataclasses.fields(kind):
        if field.name in value:
            given[field.name] = _fitting(kinds[field.name], value[field.name], longest, field.name)
        elif field.default is dataclasses.MISSING:
            raise ValueError(f"{field.name} is missing")
    return kind(**given)
