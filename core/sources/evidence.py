"""What was decided about files while they were read: what, from what, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Basis(StrEnum):
    """What a decision rests on, the strongest first."""

    STATED = "stated"
    TAG = "tag"
    METADATA = "metadata"
    NAME = "name"
    NUMBERS = "numbers"


def told_of(files: str, why: str) -> str:
    """Return why something was decided of files ("a.tif and 3 more"); a name is said once."""
    first = files.partition(" and ")[0]
    return why.replace(first, files, 1) if why.startswith(f"name {first}") else f"{files}: {why}"


@dataclass
class Notes:
    """Collects decisions and concerns while files are read; for `Scene.facts`."""

    evidence: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _warned: set[tuple[str, str]] = field(default_factory=set)

    def decide(
        self,
        layer: str,
        what: str,
        value: Any,
        basis: Basis,
        why: str,
        *,
        sure: bool | None = None,
        others: Mapping[str, str] | None = None,
    ) -> None:
        """Record a decision; one from numbers alone is unsure unless it is said to be sure.

        `others` are values that would be possible too, each with what it would mean.
        """
        told = basis is not Basis.NUMBERS if sure is None else sure
        found = {
            "layer": layer,
            "what": what,
            "value": value,
            "basis": str(basis),
            "why": why,
            "sure": told,
            **({"others": dict(others)} if others else {}),
        }
        if found not in self.evidence:
            self.evidence.append(found)

    def warn(self, sentence: str, of: tuple[str, str] | None = None) -> None:
        """Record a concern, once; `of` is the layer's decision that it tells the doubt of."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)
        if of:
            self._warned.add(of)

    def settle(self) -> None:
        """Put what is unsure first, and warn of what rests on the numbers alone."""
        self.evidence.sort(key=lambda each: bool(each["sure"]))
        layers: dict[str, list[str]] = {}
        for each in self.evidence:
            told = each["layer"], each["what"]
            if not each["sure"] and each["basis"] == Basis.NUMBERS and told not in self._warned:
                layers.setdefault(each["layer"], []).append(each["what"])
        for layer, unsure in layers.items():
            self.warn(
                f"Told from the numbers of the {layer} alone: {', '.join(dict.fromkeys(unsure))}."
            )
