"""One pixel of several published layers at once, for the viewer's cursor."""

import math

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bandweave.display.tiles import shown_values
from bandweave.errors import RasterError
from bandweave.prepare.geography import outline
from bandweave.raster.grid import Grid, Window
from pages.shared.serving.addresses import FOR_GOOD, NEVER, everywhere, prefix
from pages.shared.serving.lanes import VALUES
from pages.shared.serving.layers import published

ADDRESS = "/api/values/{row:place}/{column:place}/{layers}"
MOST_LAYERS = 9


def values(request: Request) -> Response:
    """Answer `values`, a list of bands for each of the comma-separated ids, and `degrees`.

    A band without data there is null, and so is a layer that nobody published or that has no such
    pixel. `degrees` is the pixel's longitude and latitude, null where the grid has none of its own
    or is in degrees anyway.
    """
    pixel = request.path_params["row"], request.path_params["column"]
    asked = request.path_params["layers"].split(",")[:MOST_LAYERS]
    found = [_values(identity, *pixel) for identity in asked]
    layer = next(filter(None, map(published, asked)), None)
    degrees = _degrees(layer[0].grid, *pixel) if layer else None
    answer = {"values": found, "degrees": degrees}
    return JSONResponse(answer, headers=NEVER if None in found else FOR_GOOD)


def values_address() -> str:
    """Return the address as the viewer's script fills it in."""
    return prefix() + ADDRESS.replace(":place", "")


def routes() -> list[Route]:
    """Return the route of the values."""
    return everywhere(ADDRESS, VALUES.serving(values))


def _values(identity: str, row: int, column: int) -> list[float | None] | None:
    layer = published(identity)
    if layer is None:
        return None
    try:
        return shown_values(*layer, row, column)
    except RasterError:  # outside, or the run or scene was deleted meanwhile
        return None


def _degrees(grid: Grid, row: int, column: int) -> tuple[float, float] | None:
    if grid.crs.is_geographic:
        return None
    try:
        edge = outline(grid.at(Window(row, column, 1, 1)))
    except RasterError:
        return None
    longitudes, latitudes = zip(*edge, strict=True)
    centre = sum(longitudes) / len(edge), sum(latitudes) / len(edge)
    return centre if all(map(math.isfinite, centre)) else None
