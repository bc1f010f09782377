"""One pixel of several published layers at once, for the viewer's cursor."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.display import shown_values
from core.errors import RasterError
from pages.shared.addresses import FOR_GOOD, NEVER, everywhere, prefix
from pages.shared.layers import published

ADDRESS = "/api/values/{row:int}/{column:int}/{layers}"
MOST_LAYERS = 9


def values(request: Request) -> Response:
    """Answer a pixel of each layer, in the order of the comma-separated ids: a list of its bands.

    A band without data there is null, and so is a layer that nobody published or that has no such
    pixel. Not a coroutine: Starlette then runs it in its thread pool.
    """
    pixel = request.path_params["row"], request.path_params["column"]
    asked = request.path_params["layers"].split(",")[:MOST_LAYERS]
    found = [_values(identity, *pixel) for identity in asked]
    return JSONResponse(found, headers=NEVER if None in found else FOR_GOOD)


def values_address() -> str:
    """Return the address as the viewer's script fills it in."""
    return prefix() + ADDRESS.replace(":int", "")


def routes() -> list[Route]:
    """Return the route of the values."""
    return everywhere(ADDRESS, values)


def _values(identity: str, row: int, column: int) -> list[float | None] | None:
    layer = published(identity)
    if layer is None:
        return None
    try:
        return shown_values(*layer, row, column)
    except RasterError:  # outside, or the run or scene was deleted meanwhile
        return None
