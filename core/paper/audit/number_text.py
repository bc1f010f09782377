"""Numbers as the audit shows them."""

from collections.abc import Iterable, Mapping

from bandweave.paper.printed.numbers import TABLES, ByBand, Printed

BANDS = ByBand._fields


def shown(value: float, digits: int = 3) -> str:
    """Return a number to so many significant digits, never with an exponent.

    >>> shown(0.030112), shown(1714.2), shown(0.0066)
    ('0.0301', '1714', '0.0066')
    """
    plain = f"{value:.{digits}g}"
    return (
        f"{value:.0f}" if "e+" in plain else f"{value:.8f}".rstrip("0") if "e" in plain else plain
    )


def by_band(values: Iterable[float], digits: int = 3) -> str:
    """Return one number a band as text.

    >>> by_band((0.5, 1.25, 2))
    'red 0.5, green 1.25, blue 2'
    """
    return ", ".join(
        f"{band} {shown(value, digits)}" for band, value in zip(BANDS, values, strict=True)
    )


def named(values: Mapping[str, float], digits: int = 3) -> str:
    """Return named numbers as text, in their order."""
    return ", ".join(f"{name} {shown(value, digits)}" for name, value in values.items())


def plain(values: Iterable[Printed]) -> str:
    """Return numbers as the paper prints them.

    >>> plain(map(Printed, ("0.0470", "8.02")))
    '0.0470, 8.02'
    """
    return ", ".join(map(str, values))


def span(values: Iterable[float], digits: int = 3) -> str:
    """Return the least and the greatest of some numbers.

    >>> span((3, 1, 2))
    '1 to 3'
    """
    listed = list(values)
    return f"{shown(min(listed), digits)} to {shown(max(listed), digits)}"


def printed(table: str, row: str, metric: str) -> ByBand:
    """Return what a table prints."""
    return TABLES[table].rows[row][metric]


def highest_read_as(value: Printed) -> float:
    """Return the highest number that rounds to a printed one.

    >>> highest_read_as(Printed("0.0067")), highest_read_as(Printed("0.0130"))
    (0.00675, 0.01305)
    """
    return round(value + _half(value), 8)


def lowest_read_as(value: Printed) -> float:
    """Return the lowest number that rounds to a printed one.

    >>> lowest_read_as(Printed("4.75"))
    4.745
    """
    return round(value - _half(value), 8)


def _half(value: Printed) -> float:
    """Return half of a printed number's last digit."""
    return float(0.5 * 10.0 ** -len(value.digits.partition(".")[2]))
