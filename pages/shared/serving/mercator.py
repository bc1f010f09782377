"""Published layers as web map tiles, by the ids the viewer's tiles have too."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bandweave.display.mercator import render_mercator
from bandweave.errors import RasterError
from pages.shared.serving.addresses import FOR_GOOD, NEVER, everywhere, prefix
from pages.shared.serving.lanes import TILES
from pages.shared.serving.layers import published

ADDRESS = "/api/mercator/{layer}/{zoom:place}/{x:place}/{y:place}"


def tile(request: Request) -> Response:
    """Answer one tile: 404 for a layer nobody published, 204 outside the image.

    Nothing is kept here: browsers keep tiles, and one takes some 30 ms.
    """
    values = request.path_params
    layer = published(values["layer"])
    if layer is None:
        return PlainTextResponse("No such layer.", 404, NEVER)
    try:
        data = render_mercator(*layer, values["zoom"], values["x"], values["y"])
    except RasterError:  # the run or scene was deleted meanwhile
        return PlainTextResponse("The layer's file is gone.", 404, NEVER)
    if not data:
        return Response(status_code=204, headers=FOR_GOOD)
    return Response(data, media_type="image/webp", headers=FOR_GOOD)


def tile_address(layer: str) -> str:
    """Return the address of a layer's tiles as web maps write it."""
    return f"{prefix()}/api/mercator/{layer}/{{z}}/{{x}}/{{y}}"


def routes() -> list[Route]:
    """Return the routes of web map tiles."""
    return everywhere(ADDRESS, TILES.serving(tile))
