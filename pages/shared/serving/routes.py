"""Our own addresses on Streamlit's port; those of the viewer's tiles are answered here."""

import threading
from collections import OrderedDict

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bandweave.display.tiles import render_tile
from bandweave.errors import RasterError
from pages.shared.running import chart
from pages.shared.scores import downloads
from pages.shared.serving import health, map_pages, mercator, values, vendor
from pages.shared.serving.addresses import FOR_GOOD, NEVER, everywhere, nowhere
from pages.shared.serving.lanes import TILES
from pages.shared.serving.layers import published

KEPT_BYTES = 64 * 2**20
ADDRESS = "/api/tiles/{layer}/{level:place}/{x:place}/{y:place}"


class TileCache:
    """Rendered tiles, the most recently asked for; bounded in bytes."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._most = most
        self._size = 0
        self._tiles: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...]) -> bytes | None:
        """Return a tile that is still kept."""
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
            return self._tiles.get(key)

    def put(self, key: tuple[object, ...], data: bytes) -> None:
        """Keep a tile, dropping those not asked for in the longest time."""
        with self._lock:
            self._size += len(data) - len(self._tiles.pop(key, b""))
            self._tiles[key] = data
            while self._size > self._most:
                self._size -= len(self._tiles.popitem(last=False)[1])


_cache = TileCache()


def tile(request: Request) -> Response:
    """Answer one tile: 404 for a layer nobody published, 204 outside the image."""
    asked = request.path_params
    layer = published(asked["layer"])
    if layer is None:
        return PlainTextResponse("No such layer.", 404, NEVER)
    key = (asked["layer"], asked["level"], asked["x"], asked["y"])
    data = _cache.get(key)
    if data is None:
        try:
            data = render_tile(*layer, *key[1:])
        except RasterError:  # the run or scene was deleted meanwhile
            return PlainTextResponse("The layer's file is gone.", 404, NEVER)
        if not data:  # not kept: there is no end to the addresses of nothing
            return Response(status_code=204, headers=FOR_GOOD)
        _cache.put(key, data)
    return Response(data, media_type="image/webp", headers=FOR_GOOD)


def routes() -> list[Route]:
    """Return all of our own routes."""
    others = (values, mercator, vendor, chart, downloads, map_pages, health)
    own = [
        *everywhere(ADDRESS, TILES.serving(tile)),
        *(route for each in others for route in each.routes()),
    ]
    return [*own, *nowhere()]
