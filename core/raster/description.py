"""What a stored scene's description may say: whatever else is in the file, it is damaged."""

from collections.abc import Callable, Mapping
from typing import Any

from bandweave.storage.json_file import is_number

Check = Callable[[Any], bool]


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _decision(value: Any) -> bool:
    wanted = {"layer", "what", "value", "basis", "why", "sure"}
    return isinstance(value, dict) and value.keys() >= wanted


def _cut(value: Any) -> bool:
    window = value.get("window") if isinstance(value, dict) else None
    return isinstance(window, list) and len(window) == 4 and "name" in value


_FACTS: Mapping[str, Check] = {
    "warnings": _texts,
    "evidence": lambda value: isinstance(value, list) and all(map(_decision, value)),
    "cropped_from": _cut,
    "files": lambda value: isinstance(value, dict) and all(map(_texts, value.values())),
}
"""Facts that are taken apart where they are shown; there may be others."""
_LAYER: Mapping[str, Check] = {
    **dict.fromkeys(("name", "role", "unit", "calibration", "resampled"), _text),
    "bands": _texts,
    "native_resolution": is_number,
    "date": lambda value: value is None or isinstance(value, str),
    "earlier": lambda value: isinstance(value, bool),
}
_SCENE: Mapping[str, Check] = {
    "name": _text,
    "layers": lambda value: isinstance(value, list),
    "facts": lambda value: isinstance(value, dict),
}


def check(stored: Mapping[str, Any]) -> None:
    """Raise `ValueError` where a description is not what `Scene.as_json` wrote."""
    _check(stored, _SCENE, "the description")
    for layer in stored["layers"]:
        _check(layer, _LAYER, "a layer")
    facts = stored["facts"]
    _check(facts, {name: sound for name, sound in _FACTS.items() if name in facts}, "a fact")


def _check(stored: Any, wanted: Mapping[str, Check], what: str) -> None:
    if not isinstance(stored, dict):
        raise ValueError(f"{what} is none")
    for name, sound in wanted.items():
        if name not in stored or not sound(stored[name]):
            raise ValueError(f"'{name}' of {what} is missing or of another kind")
