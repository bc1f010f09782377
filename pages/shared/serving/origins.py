"""The settings that name other places: whom the server answers, and whom its pages may meet."""

import os
import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from bandweave.errors import SettingError

ORIGINS, FRAME_PARENTS = "BANDWEAVE_ORIGINS", "BANDWEAVE_FRAME_PARENTS"
BASEMAPS = "BANDWEAVE_BASEMAPS"
OPENSTREETMAP = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f.:]*:[0-9a-f.:]*")
"""A name as browsers send it, or an IPv6 address: nothing that means more in a header."""
_EXAMPLE = "https://fusion.example.org"


@dataclass(frozen=True)
class Edge:
    """What the environment says of other places, as origins (scheme, host and port)."""

    origins: frozenset[str] = frozenset()
    """Where browsers find the server, beside this machine's own addresses."""
    frame_parents: tuple[str, ...] = ()
    """Whose pages may show ours in a frame."""
    basemaps: tuple[str, ...] = (OPENSTREETMAP,)
    """Addresses of base maps' tiles, or only their origins; maps load images from there alone."""

    @property
    def names(self) -> frozenset[str]:
        """The hosts of the origins."""
        return frozenset(str(urlsplit(each).hostname) for each in self.origins)

    @property
    def image_hosts(self) -> tuple[str, ...]:
        """The origins of the base maps."""
        return tuple(dict.fromkeys(_origin_of(each) for each in self.basemaps))

    @property
    def basemap(self) -> str:
        """The address of the tiles that maps show; empty for none."""
        return next((each for each in self.basemaps if "{z}" in each), "")


@cache
def edge() -> Edge:
    """Read the settings; one that cannot be kept raises `SettingError`."""
    basemaps = os.environ.get(BASEMAPS)
    return Edge(
        origins=frozenset(_listed(ORIGINS)),
        frame_parents=tuple(_listed(FRAME_PARENTS)),
        basemaps=Edge.basemaps if basemaps is None else tuple(map(_tiles, _split(basemaps))),
    )


def origin(text: str) -> str:
    """Return an origin in the one form that all are compared in.

    Raises ValueError where it is none.

    >>> origin("HTTPS://Fusion.example.org:443/")
    'https://fusion.example.org'
    """
    parts = urlsplit(text)
    made = _origin_of(text)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"{text!r} says more than an origin")
    return made


def _origin_of(text: str) -> str:
    """Return where an address is, without its path."""
    parts = urlsplit(text)
    host, port = parts.hostname or "", parts.port
    if parts.scheme not in _PORTS or "@" in parts.netloc or not _HOST.fullmatch(host):
        raise ValueError(f"{text!r} is not at an origin")
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (
        f":{port}" if port not in (None, _PORTS[parts.scheme]) else ""
    )


def _split(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _listed(setting: str) -> list[str]:
    found = []
    for each in _split(os.environ.get(setting, "")):
        try:
            found.append(origin(each))
        except ValueError as error:
            raise SettingError(
                f"{setting} names '{each}', which is not an origin.",
                f"Write scheme and host, such as {_EXAMPLE}; separate several by commas.",
            ) from error
    return found


def _tiles(address: str) -> str:
    try:
        _origin_of(address)
    except ValueError as error:
        raise SettingError(
            f"{BASEMAPS} names '{address}', which is not the address of a map's tiles.",
            f"Write it as {OPENSTREETMAP}; nothing at all is no base map.",
        ) from error
    return address
