"""The headers every answer carries: what a browser may load, and who may show it."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import streamlit as st

from pages.shared.serving.origins import Edge

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope"),
            *("magnetometer", "microphone", "midi", "payment", "screen-wake-lock", "usb"),
        )
    ),
}
_NOTHING = {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}


def page_headers(edge: Edge) -> dict[str, str]:
    """Return the headers of all but maps: nothing is loaded from anywhere else."""
    rules = _NOTHING | {
        # components are modules that Streamlit makes addresses for; its page has one script inside
        "script-src": " ".join(("'self' blob:", *_inline_scripts())),
        "style-src": "'self' 'unsafe-inline'",  # what Streamlit writes as the page grows
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "frame-src": "'self'",
        "manifest-src": "'self'",
        "frame-ancestors": " ".join(edge.frame_parents) or "'none'",
    }
    framed = {} if edge.frame_parents else {"X-Frame-Options": "DENY"}
    # an address names a run; whom a link leads to need not know it
    return _ALWAYS | framed | _policy(rules) | {"Referrer-Policy": "same-origin"}


def map_headers(edge: Edge) -> dict[str, str]:
    """Return the headers of maps, which stand in frames and load the base map's tiles.

    folium writes scripts into their page, streamlit-folium and a part of Leaflet make functions of
    text: both have to be allowed there, so what a map says of scenes must be escaped.
    """
    rules = _NOTHING | {
        "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": " ".join(("'self' data:", *edge.image_hosts)),
        "frame-ancestors": " ".join(("'self'", *edge.frame_parents)),
    }
    framed = {} if edge.frame_parents else {"X-Frame-Options": "SAMEORIGIN"}
    # OpenStreetMap gives tiles to none who does not say where they are shown
    referrer = {"Referrer-Policy": "strict-origin-when-cross-origin"}
    return _ALWAYS | framed | _policy(rules) | referrer


def _policy(rules: dict[str, str]) -> dict[str, str]:
    words = "; ".join(f"{name} {allowed}" for name, allowed in rules.items())
    return {"Content-Security-Policy": words}


@cache
def _inline_scripts() -> tuple[str, ...]:
    """Return what the scripts inside Streamlit's page hash to, as a policy says it."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")
    return tuple(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    )
