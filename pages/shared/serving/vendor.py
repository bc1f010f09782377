"""Leaflet from our own origin: the copy that the installed jupyter-leaflet package carries.

That copy is a module for Jupyter's loader (AMD) with Leaflet, its draw and full-screen controls,
their style sheets and icons inside; a few lines around it stand in for the loader and leave
`window.L`. Nothing is fetched from anywhere else, and no third-party code is kept in this project.
"""

import hashlib
from functools import cache
from importlib.metadata import distribution, version
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pages.shared.serving.addresses import FOR_GOOD, NEVER, everywhere, prefix

ADDRESS = "/vendor/leaflet/{edition}/{name}"
KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_MAP_FOLDER = Path(__file__).parents[1] / "map"
# the module asks its loader for one base package, of which only class names are used, and finds
# its icons beside the address it was loaded from
_BEFORE = """(() => {
const loader = window.define;
const anyClass = () => new Proxy(class {}, {
  get: (target, key) => key in target ? target[key] : key === "__esModule" ? true : class {},
});
window.define = (_, make) => make({ uri: document.currentScript.src }, anyClass());
window.define.amd = true;
try {
"""
_AFTER = """
} finally { window.define = loader; }
})();
"""


def leaflet_file(request: Request) -> Response:
    """Answer a script, style sheet or icon of the map; 404 for any other name."""
    name = request.path_params["name"]
    if name in ("map.js", "map.css"):
        content = (_MAP_FOLDER / name).read_bytes()
    elif name == "leaflet.js":
        content = _leaflet()
    elif name in _icons():
        return Response(_icons()[name].read_bytes(), media_type="image/png", headers=FOR_GOOD)
    else:
        return PlainTextResponse("No such file.", 404, NEVER)
    # the bundle's regular expressions break if it is read as anything but UTF-8
    return Response(content, headers=FOR_GOOD | {"Content-Type": KINDS[Path(name).suffix]})


def links() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return (name, address) of a map's scripts and of its style sheets, in loading order.

    No two names may be equal: folium keeps all of them in one list.
    """
    place = prefix() + ADDRESS.format(edition=_edition(), name="")
    return (
        [("leaflet", f"{place}leaflet.js"), ("map-script", f"{place}map.js")],
        [("map-style", f"{place}map.css")],
    )


def routes() -> list[Route]:
    """Return the routes of the map's files."""
    return everywhere(ADDRESS, leaflet_file)


@cache
def _edition() -> str:
    """Return a word that changes when any of the files does, so that they may be kept for good."""
    own = b"".join((_MAP_FOLDER / name).read_bytes() for name in ("map.js", "map.css"))
    stated = version("jupyter-leaflet").encode() + (_BEFORE + _AFTER).encode() + own
    return hashlib.blake2b(stated, digest_size=6).hexdigest()


@cache
def _leaflet() -> bytes:
    return (_BEFORE + (_folder() / "index.js").read_text("utf-8") + _AFTER).encode()


@cache
def _icons() -> dict[str, Path]:
    return {path.name: path for path in _folder().glob("*.png")}


@cache
def _folder() -> Path:
    files = distribution("jupyter-leaflet").files or []
    bundle = next(file for file in files if file.match("nbextensions/jupyter-leaflet/index.js"))
    return Path(str(bundle.locate())).resolve().parent
