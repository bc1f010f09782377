"""What uploaded files are taken as: told from each of them, corrected, and made a source of.

Everything said here is said in the words of `FilesSource`, so that a form and the command line
make the same scene of the same files.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bandweave.errors import BandweaveError, SettingError
from bandweave.prepare.qa_kinds import PROBABLE
from bandweave.sources.files import DAYS_APART, FilesSource
from bandweave.sources.inspection import FileBand
from bandweave.sources.outside import inspect
from pages.shared.evidence import KIND_NAMES, PRODUCT_NAMES, UNIT_NAMES

OPTICAL, RADAR, QUALITY = "optical", "radar", "quality"
EARLIER_OPTICAL, EARLIER_RADAR, NOTHING = "earlier-optical", "earlier-radar", "nothing"
ROLES = {
    OPTICAL: "Optical",
    RADAR: "Radar",
    QUALITY: "Quality band",
    EARLIER_OPTICAL: "Optical, earlier date",
    EARLIER_RADAR: "Radar, earlier date",
    NOTHING: "Left out",
}
_EARLIER = {OPTICAL: EARLIER_OPTICAL, RADAR: EARLIER_RADAR}
OWN_SCALE = "own"
CHOICES = {**PRODUCT_NAMES, OWN_SCALE: "Another scale and offset"}


@dataclass(frozen=True)
class Item:
    """One file: what it is told to be, or why it cannot be used."""

    path: Path
    facts: Mapping[str, Any] | None = None
    error: BandweaveError | None = None

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def guess(self) -> Mapping[str, Any]:
        """What it is told to be; nothing where it cannot be used."""
        return self.facts["guess"] if self.facts else {"role": NOTHING, "bands": [], "what": ""}

    @property
    def date(self) -> str:
        """The date it states, as text that sorts; empty where it states none."""
        return (self.facts["date"] if self.facts else None) or ""

    def summary(self) -> str:
        """Say in words what it was taken as, and why."""
        what, why = self.guess["what"], self.guess.get("why", "")
        names = {RADAR: UNIT_NAMES, QUALITY: KIND_NAMES}.get(self.guess["role"], PRODUCT_NAMES)
        return f"{names.get(what, what)}: {why}" if what else why


@dataclass(frozen=True)
class Answers:
    """What the user says of the files; empty values leave it to be told."""

    roles: Mapping[str, str]
    """Role by file name."""
    optical_names: Sequence[str] | None = None
    """A name for each place, empty where the band is left out; None: as told."""
    radar_names: Sequence[str] | None = None
    product: str = ""
    scale: float = 0.0001
    offset: float = 0.0
    native: float | None = None
    optical_fill: str = ""
    """Numbers apart by commas or spaces."""
    optical_date: str = ""
    radar_unit: str = ""
    radar_scale: float | None = None
    radar_fill: str = ""
    radar_date: str = ""
    qa_kind: str = ""
    qa_band: str = ""
    qa_probability: float = PROBABLE
    resolution: float = 10.0
    name: str = ""


def examine(path: Path) -> Item:
    """Return what a file is told to be."""
    try:
        return Item(path, inspect(path))
    except BandweaveError as error:
        return Item(path, error=error)


def suggested_roles(items: Sequence[Item]) -> dict[str, str]:
    """Return a role for every file.

    Wanted is the newest optical date with radar near it, and the radar next to that; the date
    before each is the earlier one, and what is left over is left out. Files without a date are
    taken as wanted.
    """
    roles = {item.name: str(item.guess["role"]) for item in items}
    dates = {role: _dates(items, roles, role) for role in (OPTICAL, RADAR)}
    pairs = [(o, r) for o in dates[OPTICAL] for r in dates[RADAR] if _days(o, r) <= DAYS_APART]
    optical = max(pairs)[0] if pairs else max(dates[OPTICAL], default="")
    radar = min(dates[RADAR], key=lambda date: _days(date, optical)) if pairs else ""
    wanted = {OPTICAL: optical, RADAR: radar or max(dates[RADAR], default="")}
    for item in items:
        role = roles[item.name]
        if role in _EARLIER and item.date and item.date != wanted[role]:
            before = max((date for date in dates[role] if date < wanted[role]), default="")
            roles[item.name] = _EARLIER[role] if item.date == before else NOTHING
    quality = [item for item in items if roles[item.name] == QUALITY]
    fitting = [item for item in quality if item.date in ("", optical) or not optical]
    tiles = [item for item in fitting if item == fitting[0] or _beside(item, fitting[0])]
    roles.update({item.name: NOTHING for item in quality if item not in tiles})
    return roles


def _beside(one: Item, other: Item) -> bool:
    """Whether two files hold the same of different places, as tiles do."""
    apart: bool = (one.facts or {})["bounds"] != (other.facts or {})["bounds"]
    return apart and one.guess["what"] == other.guess["what"]


def _dates(items: Sequence[Item], roles: Mapping[str, str], role: str) -> list[str]:
    return sorted({item.date for item in items if roles[item.name] == role and item.date})


def _days(one: str, other: str) -> int:
    first, second = (datetime.date.fromisoformat(text) for text in (one, other))
    return abs((first - second).days)


def missing(items: Sequence[Item], roles: Mapping[str, str]) -> str:
    """Say what is still needed before the files make a scene; empty where nothing is."""
    usable = [item.name for item in items if item.facts]
    for role, needed in ((OPTICAL, "an optical"), (RADAR, "a radar")):
        if any(roles[name] == role for name in usable):
            continue
        taken = {roles[name] for name in usable} - {NOTHING}
        if len(usable) == 1 and taken:
            seen = f"{usable[0]} is taken as {ROLES[taken.pop()].lower()}. "
        elif len(taken) == 1:
            seen = f"{', '.join(usable)} are all taken as {ROLES[taken.pop()].lower()}. "
        else:
            seen = ""
        return (
            f"{seen}A scene needs {needed} image of the same place: add it, or correct what "
            "a file is."
        )
    return ""


def source(items: Sequence[Item], answers: Answers) -> FilesSource:
    """Return the source the answers describe; what contradicts itself is refused."""

    def paths(role: str) -> tuple[Path, ...]:
        return tuple(item.path for item in items if item.facts and answers.roles[item.name] == role)

    own_scale = answers.product == OWN_SCALE
    return FilesSource(
        optical=paths(OPTICAL),
        optical_bands=_numbers(answers.optical_names, "optical"),
        optical_product="" if own_scale else answers.product,
        optical_scale=answers.scale if own_scale else None,
        optical_offset=answers.offset if own_scale else None,
        optical_native=answers.native,
        optical_fill=_fill(answers.optical_fill),
        optical_date=answers.optical_date,
        qa=paths(QUALITY),
        qa_kind=answers.qa_kind,
        qa_band=answers.qa_band,
        qa_probability=answers.qa_probability,
        radar=paths(RADAR),
        radar_bands=_numbers(answers.radar_names, "radar"),
        radar_unit=answers.radar_unit,
        radar_scale=answers.radar_scale if answers.radar_unit else None,
        radar_fill=_fill(answers.radar_fill),
        radar_date=answers.radar_date,
        earlier_optical=paths(EARLIER_OPTICAL),
        earlier_radar=paths(EARLIER_RADAR),
        resolution=answers.resolution,
        name=answers.name,
    )


def _fill(said: str) -> tuple[float, ...] | None:
    try:
        return tuple(float(each) for each in said.replace(",", " ").split()) or None
    except ValueError:
        raise SettingError(
            f"'{said}' is no list of numbers.", "Give the stored numbers that are no data: 0, 255."
        ) from None


def corrected(names: Sequence[str], places: Sequence[FileBand]) -> Sequence[str] | None:
    """Return the names where one of them is not as told, else None."""
    return None if tuple(names) == tuple(place.name for place in places) else names


def _numbers(names: Sequence[str] | None, kind: str) -> dict[str, int] | None:
    if names is None:
        return None
    numbers: dict[str, int] = {}
    for number, name in enumerate((name.strip() for name in names), start=1):
        if not name:
            continue
        if name in numbers:
            raise SettingError(
                f"The {kind} bands {numbers[name]} and {number} are both named {name}.",
                "Name each band once, and leave out what is not needed.",
            )
        numbers[name] = number
    if not numbers:
        raise SettingError(f"No {kind} band is named.", "Name at least one.")
    return numbers
