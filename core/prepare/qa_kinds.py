"""How quality bands code cloud and shadow: one declaration a coding, and which fit a band's values.

Values are numbers as stored, without a file's scale. 0 is read even where the file's tag calls it
no data: each coding says what it means.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import UnknownNameError
from bandweave.raster.grid import Pixels

Flags = NDArray[np.bool_]
Rule = Callable[[Pixels], Flags]
"""Says of each value whether it is so. A coding of several bands takes (band, ...) values in the
order of its `bands` and gives (1, ...)."""
PROBABLE = 40.0
"""Per cent above which a probability is cloud, s2cloudless' own default:
https://github.com/sentinel-hub/sentinel2-cloud-detector, s2cloudless/cloud_detector.py."""


_FILLS, _BEYOND = (-9999.0, -32768.0), float(1 << 31)
"""Numbers that are fill in every coding: these, and all whose size is beyond."""


class QaKind(NamedTuple):
    """One way of coding quality. All rules are of values without NaN."""

    label: str
    possible: Rule
    """Values that can occur."""
    fill: Rule
    """Values that say nothing of cloud."""
    cloudy: Rule
    """Values of cloud or shadow."""
    source: str
    bands: tuple[str, ...] = ()
    """What the bands are called that it needs, in their published order; empty: one band, of any
    name."""
    telling: bool = False
    """Whether an image hardly ever has such values, so that they tell a quality band."""


class QaGuess(NamedTuple):
    """A coding that a quality band's values fit."""

    kind: str
    cloud: float
    """The share that is cloud or shadow when read so, 0..1 of what is not fill; NaN: all is."""

    def __str__(self) -> str:
        """Say what the band holds when read so."""
        share = "all fill" if np.isnan(self.cloud) else f"{self.cloud:.0%} cloud"
        return f"as {QA_KINDS[self.kind].label}: {share}"


def _bits(values: Pixels) -> NDArray[np.int64]:
    return values.astype(np.int64)


def _any_bit(*bits: int) -> Rule:
    mask = sum(1 << bit for bit in bits)
    return lambda values: (_bits(values) & mask) != 0


def _high(*lowest_bits: int) -> Rule:
    """Say where any of these confidences, of two bits each, is high (3)."""

    def rule(values: Pixels) -> Flags:
        return _any_of(_any_bit(bit)(values) & _any_bit(bit + 1)(values) for bit in lowest_bits)

    return rule


def _given(*lowest_bits: int) -> Rule:
    """Say where all of these confidences, of two bits each, are above 0."""

    def rule(values: Pixels) -> Flags:
        return ~_any_of(~_any_bit(bit, bit + 1)(values) for bit in lowest_bits)

    return rule


def _any_of(flags: Iterable[Flags]) -> Flags:
    found: Flags = np.any(list(flags), axis=0)
    return found


def _code(*codes: int) -> Rule:
    return lambda values: np.isin(values, codes)


def _never(values: Pixels) -> Flags:
    return np.zeros(values.shape, np.bool_)


def _above(limit: float) -> Rule:
    return lambda values: values > limit


def _unclear(limit: float) -> Rule:
    return lambda values: values < 100 - limit


def _no_class(values: Pixels) -> Flags:
    """Fill of Landsat, and 0, which is none of its codes but what exports write around it."""
    return _code(0)(values) | _any_bit(0)(values)


_FILL = _code(0, 1)
"""What Landsat's fill is where it is nothing else."""


def _whole(values: Pixels, highest: float) -> Flags:
    whole: Flags = (values == np.round(values)) & (values >= 0) & (values <= highest)
    return whole


def _collection2(values: Pixels) -> Flags:
    return _whole(values, 65535) & (_FILL(values) | _given(8, 10, 12)(values))


def _collection1(values: Pixels) -> Flags:
    classes = _bits(values) & 0b111110
    # clear, water and shadow stand alone; snow and cloud may meet; hidden terrain may be anything
    coded = np.isin(classes, (2, 4, 8, 16, 32, 48)) | (classes > 0) & _any_bit(10)(values)
    medium_cirrus = _any_bit(9)(values) & ~_any_bit(8)(values)
    coded &= _given(6)(values) & ~medium_cirrus
    return _whole(values, 2047) & (_FILL(values) | coded)


def _collection1_level1(values: Pixels) -> Flags:
    return _whole(values, 8191) & (_FILL(values) | _given(5, 7, 9)(values))


def _precollection(values: Pixels) -> Flags:
    coded = _given(14)(values) & ~_any_bit(6, 7, 8, 9)(values)
    return _whole(values, 65535) & (_FILL(values) | coded)


def _hls(values: Pixels) -> Flags:
    return _whole(values, 255) & (~_any_bit(0)(values) | _code(255)(values))


def _udm2(values: Pixels) -> Flags:
    highest = np.array([1, 1, 1, 1, 1, 1, 100, 255]).reshape(-1, *[1] * (values.ndim - 1))
    possible: Flags = np.all(
        (values == np.round(values)) & (values >= 0) & (values <= highest), axis=0, keepdims=True
    )
    return possible


def _udm2_fill(values: Pixels) -> Flags:
    none: Flags = ~np.any(values[:6], axis=0, keepdims=True)
    return none | _any_bit(0)(values[7:8])


def _udm2_cloudy(values: Pixels) -> Flags:
    cloudy: Flags = np.any(values[[2, 4, 5]], axis=0, keepdims=True)
    return cloudy


_ON_OFF = _code(0, 1, 100, 255)
QA_KINDS: Mapping[str, QaKind] = {
    "mask": QaKind(
        "cloud mask (nonzero is cloud)",
        _ON_OFF,
        _never,
        lambda values: values != 0,
        "a mask made elsewhere",
        telling=True,
    ),
    "scl": QaKind(
        "Sentinel-2 scene classification",
        lambda values: _whole(values, 11),
        lambda values: (values < 2) | (values > 11),
        _code(3, 8, 9, 10),
        "ESA, Sentinel-2 Level 2A: 0 no data, 1 saturated, 3 shadow, 8 and 9 cloud, 10 cirrus",
        telling=True,
    ),
    "landsat-c2": QaKind(
        "Landsat Collection 2 QA_PIXEL",
        _collection2,
        _no_class,
        _any_bit(1, 2, 3, 4),
        "USGS LSDS-1619: 0 fill, 1 dilated cloud, 2 cirrus, 3 cloud, 4 shadow, 5 snow, 6 clear, "
        "7 water, 8 to 15 confidences, of which none but cirrus' is ever 0",
        telling=True,
    ),
    "landsat-c1": QaKind(
        "Landsat Collection 1 pixel_qa",
        _collection1,
        _no_class,
        lambda values: _any_bit(3, 5)(values) | _high(8)(values),
        "USGS LSDS-1368: 0 fill, 1 clear, 2 water, 3 shadow, 4 snow, 5 cloud, 6-7 cloud and 8-9 "
        "cirrus confidence (3 is high)",
        telling=True,
    ),
    "landsat-c1-bqa": QaKind(
        "Landsat Collection 1 Level-1 BQA",
        _collection1_level1,
        _no_class,
        lambda values: _any_bit(4)(values) | _high(7, 11)(values),
        "USGS, Landsat Collection 1 Level-1 Quality Assessment Band: 0 fill, 4 cloud, 5-6 cloud, "
        "7-8 shadow, 9-10 snow and 11-12 cirrus confidence (3 is high)",
        telling=True,
    ),
    "landsat-bqa": QaKind(
        "Landsat 8 pre-collection BQA (no shadows)",
        _precollection,
        _no_class,
        _high(12, 14),
        "USGS LSDS-1574 (2016): 0 fill, 12-13 cirrus and 14-15 cloud confidence (3 is high)",
        telling=True,
    ),
    "qa60": QaKind(
        "Sentinel-2 QA60 (no shadows)",
        _code(0, 1024, 2048, 3072),
        _never,
        _any_bit(10, 11),
        "Earth Engine, COPERNICUS/S2: bit 10 opaque cloud, 11 cirrus; 0 is clear",
        telling=True,
    ),
    "fmask-hls": QaKind(
        "HLS version 2 Fmask",
        _hls,
        _code(255),
        _any_bit(1, 2, 3),
        "HLS Product User Guide V2.0, table 9: 0 reserved, 1 cloud, 2 adjacent to cloud or "
        "shadow, 3 shadow, 4 snow, 5 water, 6-7 aerosol; 255 fill",
    ),
    "fmask": QaKind(
        "Fmask classes (Open Data Cube)",
        lambda values: _whole(values, 5),
        lambda values: (values < 1) | (values > 5),
        _code(2, 3),
        "Geoscience Australia, oa_fmask: 0 no data, 1 valid, 2 cloud, 3 shadow, 4 snow, 5 water",
    ),
    "fmask4": QaKind(
        "Fmask 4 classes",
        _code(0, 1, 2, 3, 4, 255),
        lambda values: values > 4,
        _code(2, 4),
        "Qiu et al. 2019, doi 10.1016/j.rse.2019.05.024: 0 land, 1 water, 2 shadow, 3 snow, "
        "4 cloud, 255 no data",
    ),
    "cloud-probability": QaKind(
        "cloud probability (no shadows)",
        lambda values: (values >= 0) & ((values <= 100) | (values == 255)),
        _above(100),
        _above(PROBABLE),
        "s2cloudless and Sen2Cor's MSK_CLDPRB: per cent; Sentinel Hub's CLP: 0..255, see `coding`",
    ),
    "clear-probability": QaKind(
        "probability of clear sky",
        lambda values: (values >= 0) & (values <= 100),
        _above(100),
        _unclear(PROBABLE),
        "Pasquarella et al. 2023, Cloud Score+, doi 10.1109/CVPRW59228.2023.00206: clear from 0.6",
    ),
    "udm": QaKind(
        "Planet unusable data mask (no shadows)",
        lambda values: _whole(values, 255),
        _any_bit(0),
        _any_bit(1),
        "Planet Imagery Product Specification, UDM: bit 0 blackfill, 1 cloud, 2-7 suspect data",
    ),
    "udm2": QaKind(
        "Planet usable data mask 2",
        _udm2,
        _udm2_fill,
        _udm2_cloudy,
        "docs.planet.com/data/imagery/udm: one class a band. Heavy haze counts as cloud (its "
        "reflectance has no reliable reading), light haze and the haze of UDM2.1 do not (the "
        "ground is seen). The last band is the UDM, bit 0 blackfill",
        ("clear", "snow", "shadow", "haze_light", "haze_heavy", "cloud", "confidence", "unusable"),
    ),
    "theia-clm": QaKind(
        "Theia's cloud mask CLM (any bit is cloud or shadow)",
        lambda values: _whole(values, 255),
        _never,
        lambda values: values != 0,
        "CNES, MAJA product format, CLM: 0 clear; bits of clouds, thin clouds and shadows",
    ),
    "clear-mask": QaKind(
        "clear mask (nonzero is clear)",
        _ON_OFF,
        _never,
        lambda values: values == 0,
        "a mask made elsewhere",
    ),
    "data-mask": QaKind(
        "data mask (0 is no data; says nothing of cloud)",
        _ON_OFF,
        _code(0),
        _never,
        "Sentinel Hub, dataMask: 1 data, 0 no data",
    ),
}


_BY_NAME = ("clear-probability", "udm", "theia-clm")
"""Codings that any small numbers fit."""
PROBABILITIES: Mapping[str, Callable[[float], Rule]] = {
    "cloud-probability": _above,
    "clear-probability": _unclear,
}
"""The codings of which the user says where cloud begins, in per cent of its probability."""


def qa_kind(kind: str) -> QaKind:
    """Return a coding by its key; an unknown one is refused."""
    if kind not in QA_KINDS:
        raise UnknownNameError("kind of quality band", kind, QA_KINDS)
    return QA_KINDS[kind]


def cloud_flags(quality: Pixels, kind: str, probability: float = PROBABLE) -> Pixels:
    """Return 1 for cloud or shadow, 0 for neither and NaN for fill, in the shape of `quality`.

    Codings of several bands take (band, ...) in their order and give (1, ...). `probability` is
    the per cent of a cloud's probability above which it is one. A negative number is no code: NaN.
    """
    rules = qa_kind(kind)
    known = (quality >= 0) & (quality < _BEYOND)
    values = np.where(known, quality, np.float32(0))
    cloudy = PROBABILITIES[kind](probability) if kind in PROBABILITIES else rules.cloudy
    flags = cloudy(values).astype(np.float32)
    flags[~(known.all(axis=0, keepdims=True) if rules.bands else known)] = np.nan
    flags[rules.fill(values)] = np.nan
    return flags


def fits(values: Pixels, kind: str, dtype: str = "") -> bool:
    """Whether all values of a sample, (band, value) with NaN as no data, can occur in a coding."""
    values = coding(values, kind, dtype)(values)
    known = values[:, ((np.abs(values) < _BEYOND) & ~np.isin(values, _FILLS)).all(axis=0)]
    return bool(known.size and np.all(qa_kind(kind).possible(known)))


def guess_kinds(values: Pixels, dtype: str = "") -> tuple[QaGuess, ...]:
    """Return the codings of one band that a sample (1, value) fits, the likeliest first.

    Those that images hardly resemble come first; in bytes HLS' comes before Landsat's, which are
    of 16 bits.
    """
    found = [
        kind
        for kind, rules in QA_KINDS.items()
        if not rules.bands and kind not in _BY_NAME and fits(values, kind, dtype)
    ]
    if _probability_factor(values, dtype) < 1:
        found = [kind for kind in found if kind != "cloud-probability"]
    if dtype == "uint8":
        found.sort(key=lambda kind: kind.startswith("landsat"))
    return tuple(
        QaGuess(kind, cloud_share(coding(values, kind, dtype)(values), kind)) for kind in found
    )


def coding(sample: Pixels, kind: str, dtype: str) -> Callable[[Pixels], Pixels]:
    """Return what turns a file's numbers, of which a sample is given, into those of its coding.

    Probabilities stored as 0..1 or 0..255 become per cent; in a mask that has 1 and 255,
    255 is no data (Sentinel Hub's CLM; docs.sentinel-hub.com/api/latest/user-guides/cloud-masks).
    Landsat's highest bit comes back where 16 bits were stored as a signed number.
    """
    if kind.startswith("landsat") and dtype == "int16":
        return _unsigned
    if kind in PROBABILITIES:
        factor = np.float32(_probability_factor(sample, dtype))
        return lambda numbers: numbers * factor
    if QA_KINDS[kind].possible is _ON_OFF and np.all(np.isin((1, 255), sample)):
        return lambda numbers: np.where(numbers == 255, np.float32(np.nan), numbers)
    return lambda numbers: numbers


def _unsigned(numbers: Pixels) -> Pixels:
    signed = (numbers < 0) & ~np.isin(numbers, _FILLS)
    return np.where(signed, numbers + np.float32(1 << 16), numbers)


def cloud_share(values: Pixels, kind: str) -> float:
    """Return which share is cloud or shadow, 0..1 of what is not fill; NaN where all is."""
    flags = cloud_flags(values, kind)
    return float(np.nanmean(flags)) if np.isfinite(flags).any() else float("nan")


def _probability_factor(values: Pixels, dtype: str) -> float:
    known = values[np.isfinite(values)]
    if dtype.startswith("float") and known.size and known.max() <= 1:
        return 100.0
    return 100 / 255 if np.any((known > 100) & (known < 255)) else 1.0
