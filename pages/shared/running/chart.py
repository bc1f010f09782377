"""Plotly charts that are drawn on in place while they grow.

Streamlit's own chart is made anew with every change of its data, which loses zoom and pan and
flashes. This one is Plotly's as well, from the copy that the installed plotly package carries.
"""

from functools import cache
from importlib.metadata import version
from pathlib import Path

import plotly
import plotly.graph_objects as go
import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from pages.shared.serving.addresses import FOR_GOOD, NEVER, everywhere, prefix

ADDRESS = "/vendor/plotly/{edition}/plotly.js"
_mount = st.components.v2.component(
    "bandweave_chart",
    html="<div class='chart' role='img'></div>",
    js=(Path(__file__).parent / "chart.js").read_text("utf-8"),
    # Plotly puts its style sheet into the page, where an isolated component does not see it
    isolate_styles=False,
)


def chart(figure: go.Figure, words: str, *, key: str, height: int) -> None:
    """Show a figure in the page's colours; zoom and pan stay while its `uirevision` does.

    `words` say what it shows to who cannot see it; `height` is in CSS pixels.
    """
    _mount(
        key=key,
        data={
            "figure": figure.to_dict(),
            "words": words,
            "height": height,
            "plotly": prefix() + ADDRESS.format(edition=version("plotly")),
        },
    )


def plotly_script(request: Request) -> Response:
    """Answer Plotly's script, of the edition that is installed."""
    if request.path_params["edition"] != version("plotly"):
        return PlainTextResponse("No such file.", 404, NEVER)
    return FileResponse(_script(), media_type="text/javascript; charset=utf-8", headers=FOR_GOOD)


def routes() -> list[Route]:
    """Return the route of Plotly's script."""
    return everywhere(ADDRESS, plotly_script)


@cache
def _script() -> Path:
    return Path(str(plotly.__file__)).parent / "package_data" / "plotly.min.js"
