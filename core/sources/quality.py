"""Quality bands of files: which bands they are, how they code cloud, and the flags read from them.

What is stated wins, then what names say (told elsewhere and given here as `named`), then the
values. Values alone never tell surely: every coding that they fit is named in a warning, with its
share of cloud.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from bandweave.errors import SceneError
from bandweave.prepare.alignment import StackedRaster
from bandweave.prepare.qa_kinds import (
    PROBABILITIES,
    PROBABLE,
    QA_KINDS,
    QaGuess,
    cloud_flags,
    coding,
    fits,
    guess_kinds,
)
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import BLOCK, Pixels, Raster, band_indices
from bandweave.raster.scene import CLOUD
from bandweave.raster.virtual import MappedRaster
from bandweave.sources.evidence import Basis, Notes
from bandweave.sources.guess import PREVIEW, spread

LAYER = "quality band"
"""What decisions are recorded of."""
Named = Mapping[str, str]
"""The coding that names say of a file's bands, by `StoredRaster.bands`; bqa is either of Landsat's
two. A word that is no coding (aerosol, saturation) says that a band holds something else."""
OWN_MASKS = ("scl", "landsat-c2", "landsat-c1", "fmask-hls", "fmask")
"""Codings of cloud and shadow, for which an optical file's own band is used; the best first."""
_FAMILIES = ("landsat", "fmask")
"""What codings begin with whose names stand for each other."""
_BQA = "bqa"
_BQA_KINDS = ("landsat-c1-bqa", "landsat-bqa")
"""What the name BQA stands for; no value can occur in both but fill."""


class QualityBands(NamedTuple):
    """The bands of a file that together code quality, and the coding that names say, if any."""

    bands: tuple[str, ...]
    named: str


@dataclass(frozen=True)
class QualityReading:
    """What the user states about a quality band; '' leaves it to be told."""

    kind: str = ""
    band: str = ""
    """Its name or its number from 1."""
    probability: float = PROBABLE
    """Per cent above which a cloud probability is cloud."""

    def read(self, raster: StoredRaster, notes: Notes, named: Named | None = None) -> Raster:
        """Return cloud flags on the file's own grid: 1 cloud or shadow, 0 neither, NaN unknown."""
        chosen = quality_bands(raster, self.kind, self.band, named or {})
        name = raster.path.name
        if len(chosen.bands) < len(raster.bands):
            basis = Basis.STATED if self.band else Basis.NAME if chosen.named else Basis.NUMBERS
            notes.decide(LAYER, "bands", ", ".join(chosen.bands), basis, name)
            name = f"{name}, {chosen.bands[0]}"
        codes = stored_codes(raster, chosen.bands)
        values, dtype = sample_codes(codes), _dtype(raster)
        kind = self._kind(name, values, dtype, chosen.named, notes)
        if kind in PROBABILITIES:
            limit = f"above {self.probability:g} % probability"
            notes.decide(LAYER, "cloud", limit, Basis.STATED, name)
        if kind == "qa60" and not np.any(values > 0):
            notes.warn(
                f"{name} knows of no cloud at all. Earth Engine has QA60 empty from January 2022 "
                "to February 2024: an image of then may be cloudy all the same."
            )
        convert = partial(
            _flags, kind=kind, code=coding(values, kind, dtype), probability=self.probability
        )
        return MappedRaster(codes, convert, (CLOUD,))

    def _kind(self, name: str, values: Pixels, dtype: str, named: str, notes: Notes) -> str:
        """Return the stated coding, else the named one, else the one that the values fit best."""
        guesses = guess_kinds(values, dtype) if len(values) == 1 else ()
        kind, why = (self.kind, "as stated") if self.kind else (named, "as its name says")
        if kind == _BQA:
            kind = next((each for each in _BQA_KINDS if fits(values, each, dtype)), "")
        if kind and kind not in QA_KINDS:
            raise SceneError(
                f"{name} holds {kind}, {why}, and nothing of cloud.",
                "Choose another band, or state the kind of quality band.",
            )
        if not kind:
            kind, why = _told(name, guesses), describe(guesses)
            notes.warn(
                f"What {name} means is told from its values alone: {why}. State the kind of "
                "quality band if it is another.",
                (LAYER, "kind"),
            )
        elif not fits(values, kind, dtype):
            kind, doubt = _doubted(kind, guesses, stated=bool(self.kind))
            notes.warn(f"{name} is {doubt}; its values are {_listed(values)}.")
        basis = Basis.STATED if self.kind else Basis.NAME if named else Basis.NUMBERS
        others = {guess.kind: str(guess) for guess in guesses if guess.kind != kind}
        notes.decide(LAYER, "kind", kind, basis, f"{name}: {why}", others=others)
        return kind


def quality_bands(raster: StoredRaster, kind: str, band: str, named: Named) -> QualityBands:
    """Return the bands that code quality together.

    `band` where it is stated, else those that a coding of several bands needs, else the one that
    a name says, or that alone has values which images hardly have. Several are refused with their
    names, and so is none.
    """
    several = _coding_of_several(raster, kind, named)
    if band:
        picked = _band(raster, band)
        if several and kind in ("", several.named):
            raise SceneError(
                f"Band {picked} of {raster.path.name} is one of several that code quality "
                f"together ({QA_KINDS[several.named].label}).",
                "Leave the band away to read them together, or state the kind of quality band.",
            )
    elif several:
        return several
    elif len(raster.bands) == 1:
        picked = raster.bands[0]
    else:
        picked = _only_coded(raster, kind, named)
    if not kind:
        _require_bands(raster, named.get(picked, ""))
    return QualityBands((picked,), named.get(picked, ""))


def _only_coded(raster: StoredRaster, kind: str, named: Named) -> str:
    """Return the one band that a name says or, where none does, that alone looks coded."""
    known = {kind} if kind else {*QA_KINDS, _BQA}
    found = [each for each in raster.bands if named.get(each) in known]
    if not found:
        unsure = [each for each in raster.bands if named.get(each, "") in ("", _BQA)]
        found = [each for each in unsure if _looks_coded(raster, each, kind)]
    if len(found) != 1:
        held = f"Which band of {raster.path.name} codes quality cannot be told: "
        raise SceneError(
            f"{held}{', '.join(found)} all may." if found else f"{held}none is known to.",
            f"State the quality band by name or number: {', '.join(raster.bands)}.",
        )
    return found[0]


def _require_bands(raster: StoredRaster, kind: str) -> None:
    """Refuse a coding of several bands of which the file does not have all."""
    if kind in QA_KINDS and (needed := QA_KINDS[kind].bands):
        raise SceneError(
            f"{QA_KINDS[kind].label} needs the bands {', '.join(needed)}; {raster.path.name} has "
            f"{', '.join(raster.bands)}.",
            "Give the file as delivered, or state one band and its kind.",
        )


def told_quality(raster: StoredRaster, named: Named) -> tuple[str, str] | None:
    """Return the coding of a file that is nothing but quality, and why; None where it is not."""
    if several := _coding_of_several(raster, "", named):
        return several.named, "the names of its bands"
    if len(raster.bands) > 1:
        return None
    if kind := named.get(raster.bands[0]):
        return (kind, "its name") if kind in QA_KINDS else None
    values = sample_codes(stored_codes(raster, raster.bands))
    guesses = guess_kinds(values, _dtype(raster))
    if not any(QA_KINDS[guess.kind].telling and guess.cloud >= 0 for guess in guesses):
        return None
    return guesses[0].kind, f"told from its values alone: {describe(guesses)}"


def own_mask(raster: StoredRaster, named: Named) -> str:
    """Return the band by which an optical file masks its own clouds; empty where none does."""
    for kind in OWN_MASKS:
        for band in raster.bands:
            if named.get(band) == kind:
                return band
    return ""


def stored_codes(raster: StoredRaster, bands: Sequence[str]) -> Raster:
    """Return bands as stored: without the file's scale, and with 0 where its tag calls it no data.

    A stack's tags are of its measurements; in codes 0 has a meaning.
    """
    dataset = raster.dataset
    places = band_indices(raster.bands, bands)
    scaling = [(dataset.scales[place], dataset.offsets[place]) for place in places]
    base = StackedRaster(tuple((raster, band, band) for band in bands))
    undo = partial(
        _as_stored, scaling=scaling, as_stored=raster.as_stored, zeros=dataset.nodata == 0
    )
    return MappedRaster(base, undo, base.bands)


def sample_codes(codes: Raster) -> Pixels:
    """Return (band, value) codes spread over a raster; nearest ones, as no average is a code."""
    numbers = spread(codes)
    if np.any(numbers > 0):
        return numbers
    step = max(1, max(codes.grid.shape) // PREVIEW)
    parts = [codes.read(window)[:, ::step, ::step] for window in codes.grid.windows(BLOCK)]
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)


def describe(guesses: Sequence[QaGuess]) -> str:
    """Say what a band's values may be, with the share of cloud in each reading."""
    return "; ".join(str(guess) for guess in guesses) or "they fit no known coding"


def _coding_of_several(raster: StoredRaster, kind: str, named: Named) -> QualityBands | None:
    """Return a coding's bands by their descriptions, or by place where it is stated or named."""
    for key, rules in QA_KINDS.items():
        if not rules.bands or kind not in ("", key):
            continue
        if set(rules.bands) <= set(raster.descriptions):
            found = (raster.bands[raster.descriptions.index(band)] for band in rules.bands)
            return QualityBands(tuple(found), key)
        if key in (kind, *named.values()) and len(raster.bands) == len(rules.bands):
            return QualityBands(raster.bands, key)
    _require_bands(raster, kind)
    return None


def _band(raster: StoredRaster, text: str) -> str:
    """Return the band that a name, in capitals or not, or a number from 1 says."""
    wanted = text.strip().casefold()
    for place, (band, description) in enumerate(
        zip(raster.bands, raster.descriptions, strict=True), start=1
    ):
        if wanted in (band.casefold(), description.casefold(), str(place)):
            return band
    raise SceneError(
        f"{raster.path.name} has no band {text}.",
        f"State a number from 1 to {len(raster.bands)} or one of {', '.join(raster.bands)}.",
    )


def _looks_coded(raster: StoredRaster, band: str, kind: str) -> bool:
    """Whether a band's values fit the stated coding, else one that images hardly resemble."""
    values, dtype = sample_codes(stored_codes(raster, (band,))), _dtype(raster)
    if kind:
        return fits(values, kind, dtype)
    return any(QA_KINDS[guess.kind].telling for guess in guess_kinds(values, dtype))


def _dtype(raster: StoredRaster) -> str:
    return str(raster.dataset.dtypes[0])


def _told(name: str, guesses: Sequence[QaGuess]) -> str:
    if not guesses:
        raise SceneError(
            f"The kind of the quality band {name} cannot be told: its values fit no known coding.",
            f"State it: one of {', '.join(QA_KINDS)}.",
        )
    return guesses[0].kind


def _doubted(kind: str, guesses: Sequence[QaGuess], *, stated: bool) -> tuple[str, str]:
    """Return how values are read that a coding does not have, and what to say of it.

    Landsat's names are easily confused, and Fmask's; where another of them fits, that is it.
    """
    family = next((each for each in _FAMILIES if kind.startswith(each)), None)
    akin = [guess for guess in guesses if family and guess.kind.startswith(family)]
    telling = [guess for guess in guesses if QA_KINDS[guess.kind].telling]
    likely = next(iter((*akin, *telling)), None)
    looks = f"looks like {likely.kind} ({likely})" if likely else "fits no other that is known"
    if akin and not stated:
        return akin[0].kind, f"named as {kind}, but is read as what it is: it {looks}"
    said = "stated" if stated else "its name says"
    return kind, f"read as {kind} as {said}, though it cannot be that and {looks}"


def _listed(values: Pixels) -> str:
    found = np.unique(values[np.isfinite(values)])
    shown = ", ".join(f"{value:g}" for value in found[:6])
    return shown if found.size <= 6 else f"{shown} ..."


def _as_stored(
    pixels: Pixels, scaling: Sequence[tuple[float, float]], *, as_stored: bool, zeros: bool
) -> Pixels:
    for band, (scale, offset) in enumerate(scaling):
        if (scale, offset) != (1.0, 0.0) and not as_stored:
            pixels[band] = np.rint((pixels[band] - offset) / scale)
    return np.nan_to_num(pixels) if zeros else pixels


def _flags(
    codes: Pixels, kind: str, code: Callable[[Pixels], Pixels], probability: float
) -> Pixels:
    return cloud_flags(code(codes), kind, probability)
