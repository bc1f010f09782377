"""Cards that describe what a registry holds, as HTML."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from html import escape
from unicodedata import normalize

from bandweave.raster.grid import BLOCK
from bandweave.settings import Setting
from bandweave.tiling import overhead

NOTABLE = 1.1
"""How many times its own area a block reads before that is worth a word."""
_BELOW, _ABOVE = re.compile("[₀-₉ₐ-ₜⱼ]+"), re.compile("[⁰¹²³⁴-⁹⁻]+")
_DOI = re.compile(r"doi (10\.\d{4,}/[^\s,;]*[^\s,;.])")


@dataclass(frozen=True)
class Card:
    """One entry of a registry, as text."""

    key: str
    label: str
    text: str
    source: str
    facts: Mapping[str, str] = field(default_factory=dict)
    settings: Sequence[Setting] = ()
    formula: str = ""
    """Its equation, then what its signs mean, with a comma and two spaces between."""

    def holds(self, wanted: str) -> bool:
        """Whether every word of `wanted` occurs in the card; a subscript is the letter it shows."""
        texts = (self.key, self.label, self.formula, self.text, self.source, *self.facts.values())
        everything = normalize("NFKC", " ".join(texts)).lower()
        return all(word in everything for word in normalize("NFKC", wanted).lower().split())

    def html(self) -> str:
        """Return the card; all text is escaped."""
        facts = "".join(
            f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in self.facts.items()
        )
        text = f"<p>{escape(self.text)}</p>" if self.text else ""
        return (
            f"<article class='card' id='{escape(self.key)}'><h3>{escape(self.label)}"
            f"<code>{escape(self.key)}</code></h3>{text}{_formula(self.formula)}"
            f"{f'<dl>{facts}</dl>' if facts else ''}{_settings(self.settings)}"
            f"<footer>{linked(self.source)}</footer></article>"
        )


def card_grid(cards: Iterable[Card]) -> str:
    """Return cards in as many columns as fit."""
    return f"<div class='cards'>{''.join(card.html() for card in cards)}</div>"


def linked(source: str) -> str:
    """Return a citation as HTML, its DOI a link."""
    return _DOI.sub(
        r"<a href='https://doi.org/\1' target='_blank' rel='noopener'>doi \1</a>", escape(source)
    )


def looks(halo: int) -> str:
    """Say how many pixels away something looks, and what that costs where it costs much.

    >>> looks(3)
    '3 px far'
    >>> looks(270)
    '270 px far; a block of 1,024 px reads 2.3 times its own area'
    """
    if not halo:
        return "at each pixel alone"
    times = overhead(halo)
    cost = f"; a block of {BLOCK:,} px reads {times:.1f} times its own area"
    return f"{halo:,} px far{cost if times > NOTABLE else ''}"


def _formula(formula: str) -> str:
    if not formula:
        return ""
    equation, *meanings = formula.split(",  ")
    explained = " ".join(f"<small>{_raised(meaning)}</small>" for meaning in meanings)
    return f"<p class='formula'><span>{_raised(equation)}</span>{explained}</p>"


def _raised(line: str) -> str:
    """Return a line with its small letters as HTML makes them: fewer fonts have the characters."""
    lowered = _BELOW.sub(lambda found: f"<sub>{normalize('NFKC', found[0])}</sub>", escape(line))
    return _ABOVE.sub(lambda found: f"<sup>{normalize('NFKC', found[0])}</sup>", lowered)


def _settings(settings: Sequence[Setting]) -> str:
    if not settings:
        return ""
    rows = "".join(
        f"<tr><th scope='row'>{escape(each.label)}<small>{escape(each.name)}</small></th>"
        f"<td>{escape(_value(each))}</td><td>{escape(limits(each))}</td>"
        f"<td>{escape(each.help)}</td></tr>"
        for each in settings
    )
    counted = "1 setting" if len(settings) == 1 else f"{len(settings)} settings"
    return (
        f"<details><summary>{counted}</summary><div class='scroll'><table>"
        "<thead><tr><th scope='col'>Setting</th><th scope='col'>Default</th>"
        "<th scope='col'>Can be</th><th scope='col'>Meaning</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _value(declared: Setting) -> str:
    if declared.kind == "flag":
        return "yes" if declared.default else "no"
    if declared.kind == "choice":
        return str(declared.default)
    return plain(float(declared.default))


def limits(declared: Setting) -> str:
    """Say in words what a setting can be."""
    if declared.kind == "flag":
        return "yes or no"
    if declared.kind == "choice":
        return ", ".join(declared.choices)
    unit = f" {declared.unit}" if declared.unit else ""
    low, high = declared.minimum, declared.maximum
    if low is not None and high is not None:
        return f"{plain(low)} to {plain(high)}{unit}"
    if low is not None:
        return f"{plain(low)}{unit} or more"
    return f"{plain(high)}{unit} or less" if high is not None else f"any number{unit}"


def plain(number: float) -> str:
    """Return a number without exponent or needless zeros, with a true minus sign."""
    return f"{Decimal(f'{number:g}'):f}".replace("-", "−")
