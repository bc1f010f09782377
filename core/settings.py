"""Settings declared once, on the dataclass that uses them.

From one declaration come the default, the form's widget, the stored JSON, the command line's
`--set name=value` and the contract tests. Methods, tasks and sources are `Declared`.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from bandweave.errors import SettingError, UnknownNameError

Value = int | float | bool | str
Kind = Literal["integer", "number", "flag", "choice"]
_METADATA = "setting"


@dataclass(frozen=True)
class Setting:
    """One declared setting: what a form shows and what a value must satisfy."""

    name: str
    kind: Kind
    default: Value
    label: str
    help: str
    minimum: float | None
    maximum: float | None
    step: float | None
    choices: tuple[str, ...]
    unit: str
    advanced: bool
    """Shown only when the user asks for more."""
    on_clouds: Value | None
    """What to start from on a scene with clouds; where it is stated, scenes without any are not
    asked."""
    formerly: tuple[str, ...]
    """Names it had: what was stored under them is still read."""

    def parse(self, value: object) -> Value:
        """Return `value` (a JSON value or the text of one) as this setting's type, or refuse it."""
        parsed = self._convert(value)
        if self.kind == "choice" and parsed not in self.choices:
            raise SettingError(
                f"{self.label} cannot be '{parsed}'.",
                f"Choose one of: {', '.join(filter(None, self.choices))}.",
            )
        if self.kind in ("integer", "number"):
            number = float(parsed)
            low, high = self.minimum, self.maximum
            if (
                not math.isfinite(number)
                or (low is not None and number < low)
                or (high is not None and number > high)
            ):
                raise SettingError(f"{self.label} cannot be {parsed}.", self._limits())
        return parsed

    def _convert(self, value: object) -> Value:
        text = str(value).strip()
        if self.kind == "choice":
            return text
        if self.kind == "flag":
            flags = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
            if text.lower() in flags:
                return flags[text.lower()]
        else:
            try:
                number = float(text)
            except ValueError:
                number = math.nan
            if self.kind == "number" and not math.isnan(number):
                return number
            if self.kind == "integer" and math.isfinite(number) and number == int(number):
                return int(number)
        expected = {"flag": "yes or no", "integer": "a whole number", "number": "a number"}
        raise SettingError(f"{self.label} cannot be '{text}'.", f"Give {expected[self.kind]}.")

    def _limits(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.minimum is None and self.maximum is None:
            return f"Give a finite number{unit}."
        if self.maximum is None:
            return f"Give {self.minimum:g}{unit} or more."
        if self.minimum is None:
            return f"Give {self.maximum:g}{unit} or less."
        return f"Give {self.minimum:g} to {self.maximum:g}{unit}."

    def as_json(self) -> dict[str, Any]:
        """Describe the setting for `bandweave methods --json` and its likes."""
        facts = dataclasses.asdict(self)
        return facts | {"choices": list(self.choices), "formerly": list(self.formerly)}


def setting(  # noqa: PLR0913 - one keyword a fact; each is optional and named
    default: Value,
    label: str,
    help: str = "",  # noqa: A002 - the field's standard word, and what Streamlit calls it
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    step: float | None = None,
    choices: tuple[str, ...] = (),
    unit: str = "",
    advanced: bool = False,
    on_clouds: Value | None = None,
    formerly: tuple[str, ...] = (),
) -> Any:
    """Declare a dataclass field as a setting; its kind follows from the default's type."""
    kinds: dict[type, Kind] = {bool: "flag", int: "integer", float: "number", str: "choice"}
    declared = Setting(
        name="",
        kind=kinds[type(default)],
        default=default,
        label=label,
        help=help,
        minimum=minimum,
        maximum=maximum,
        step=step,
        choices=choices,
        unit=unit,
        advanced=advanced,
        on_clouds=on_clouds,
        formerly=formerly,
    )
    return dataclasses.field(default=default, metadata={_METADATA: declared})


def redeclared(owner: "type[Declared]", name: str, default: Value) -> Any:
    """Declare a setting as `owner` does, with another default."""
    declared = next(each for each in owner.settings() if each.name == name)
    changed = dataclasses.replace(declared, default=default)
    return dataclasses.field(default=default, metadata={_METADATA: changed})


@dataclass(frozen=True)
class Declared:
    """Base of frozen dataclasses whose fields are all declared settings."""

    def __post_init__(self) -> None:
        """Refuse any value outside its declaration, however the instance was made."""
        for declared in self.settings():
            value = declared.parse(getattr(self, declared.name))
            object.__setattr__(self, declared.name, value)

    @classmethod
    def settings(cls) -> tuple[Setting, ...]:
        """Return the declared settings in the order a form shows them."""
        return tuple(
            dataclasses.replace(field.metadata[_METADATA], name=field.name)
            for field in dataclasses.fields(cls)
            if _METADATA in field.metadata
        )

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> Self:
        """Build from names and values (JSON values or text); unknown names are refused."""
        declared = cls.settings()
        known = {name: each for each in declared for name in (each.name, *each.formerly)}
        for name in values:
            if name not in known:
                raise UnknownNameError("setting", name, (each.name for each in declared))
        return cls(**{known[name].name: known[name].parse(value) for name, value in values.items()})

    def values(self) -> dict[str, Value]:
        """Return every setting's name and value, as stored in a request."""
        return {declared.name: getattr(self, declared.name) for declared in self.settings()}
