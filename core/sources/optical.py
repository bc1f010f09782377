"""Optical files as reflectance: stated scale first, then the product's metadata, then numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bandweave.prepare.alignment import StackedRaster
from bandweave.prepare.radiometry import Scaling, product_scaling, zero_is_fill
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Unit
from bandweave.raster.virtual import MappedRaster
from bandweave.sources.bands import Pick, pick_optical
from bandweave.sources.checks import check_offset, check_reflectance
from bandweave.sources.guess import (
    X10000,
    Notes,
    fills,
    guess_optical,
    guess_sentinel2_offset,
    has_scale,
    require_data,
    sample,
)
from bandweave.sources.measured import (
    Measured,
    Part,
    by_file,
    first_date,
    native_pixels,
    note_bands,
    open_all,
)
from bandweave.sources.metadata import Stated, stated_scaling
from bandweave.sources.mosaic import first_of_each, pictures, spread, unused


@dataclass(frozen=True)
class OpticalReading:
    """What the user states about optical files; None and '' leave it to be told."""

    bands: Mapping[str, int] | None = None
    product: str = ""
    scale: float | None = None
    offset: float | None = None
    native: float | None = None

    def read(self, paths: Sequence[Path], notes: Notes, what: str = "optical") -> Measured:
        """Return the files as reflectance on their own grids; only samples of them are read."""
        rasters = open_all(paths)
        found = pictures(rasters)
        picked = pick_optical(first_of_each(found), self.bands)
        note_bands(picked, what, notes)
        for sentence in unused(found, picked.picks):
            notes.warn(sentence)
        picks = spread(picked.picks, found, what, notes)
        parts = [self._part(raster, own, what, notes) for raster, own in by_file(picks)]
        names = tuple(pick.name for pick in picked.picks)
        return Measured(tuple(parts), names, Unit.REFLECTANCE, first_date(rasters, what, notes))

    def _part(self, raster: StoredRaster, picks: Sequence[Pick], what: str, notes: Notes) -> Part:
        numbers = sample(raster)
        scaling = self._scaling(raster, picks[0].number, numbers, what, notes)
        # one tagged band alone may be 0 where a surface is dark
        convert = partial(
            _reflectance,
            scaling=scaling,
            zero_fills=len(picks) > 1 or raster.dataset.nodata is None,
        )
        chosen = [raster.bands.index(pick.band) for pick in picks]
        values = convert(numbers[chosen, None])[:, 0]
        check_reflectance(values, raster.path.name, notes)
        for pick, band in zip(picks, values, strict=True):
            require_data(band, f"Band {pick.name} of {raster.path.name}")
        base = StackedRaster(tuple((raster, pick.band, pick.name) for pick in picks))
        native, resampled = native_pixels(raster, self.native, what, notes)
        return Part(MappedRaster(base, convert, base.bands), native, resampled, raster.path.name)

    def _scaling(
        self, raster: StoredRaster, number: str, numbers: Pixels, what: str, notes: Notes
    ) -> Scaling:
        name = raster.path.name
        extra = fills(raster, numbers)
        if has_scale(raster):
            if self.product or self.scale is not None:
                notes.warn(f"{name} carries its own scale and offset; they are used as they are.")
        elif self.scale is not None:
            return Scaling(self.scale, self.offset or 0.0, extra)
        stated = None if has_scale(raster) else stated_scaling(raster.path, number)
        if self.product and not has_scale(raster):
            return self._product_scaling(name, stated, numbers, extra, notes)
        product, scaling, why = stated or guess_optical(raster, numbers)
        notes.guess(f"{what} product", product, f"{name}: {why}")
        if product == "sentinel-2" or (product == X10000 and raster.grid.resolution < 25):
            check_offset(scaling.offset / scaling.scale, numbers, name, notes)
        if product == "8-bit":
            notes.warn(f"{name} is an 8-bit picture, not reflectance: its values are relative.")
        return scaling

    def _product_scaling(
        self,
        name: str,
        stated: Stated | None,
        numbers: Pixels,
        extra: Sequence[float],
        notes: Notes,
    ) -> Scaling:
        if stated and stated.product != self.product:
            notes.warn(
                f"{name} is read as {self.product} as stated, but its metadata say "
                f"{stated.product} ({stated.why})."
            )
        if self.product != "sentinel-2":
            known = product_scaling(self.product)
            return Scaling(known.scale, known.offset, (*known.fills, *extra))
        if stated and stated.product == "sentinel-2":
            check_offset(stated.scaling.offset / stated.scaling.scale, numbers, name, notes)
            return stated.scaling
        offset, why = guess_sentinel2_offset(numbers)
        notes.guess("sentinel-2 offset", offset, f"{name}: {why}")
        return product_scaling("sentinel-2", offset_numbers=offset)


def _reflectance(numbers: Pixels, scaling: Scaling, *, zero_fills: bool) -> Pixels:
    return scaling.reflectance(zero_is_fill(numbers) if zero_fills else numbers)
