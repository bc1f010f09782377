"""How a contract says that it is broken."""

import numpy as np
from numpy.typing import ArrayLike

from bandweave.errors import BandweaveError


class ContractError(BandweaveError):
    """A method or a metric does not do what every one must."""


def require(holds: object, message: str, hint: str = "") -> None:
    """Raise `ContractError` unless `holds`."""
    if not holds:
        raise ContractError(message, hint)


def require_equal(found: ArrayLike, expected: ArrayLike, message: str, within: float = 0.0) -> None:
    """Raise `ContractError` where two arrays differ, NaN being equal to NaN."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    if found.shape != expected.shape:
        raise ContractError(f"{message} Its shape is {found.shape}, not {expected.shape}.")
    if np.allclose(found, expected, rtol=0, atol=within, equal_nan=True):
        return
    differs = ~np.isclose(found, expected, rtol=0, atol=within, equal_nan=True)
    where = tuple(int(axis[0]) for axis in np.nonzero(differs))
    raise ContractError(
        f"{message} {differs.mean():.1%} of the values differ, the first at {where}: "
        f"{found[where]:g} instead of {expected[where]:g}."
    )
