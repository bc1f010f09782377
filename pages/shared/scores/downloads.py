"""Taking results away: a run's image, scores and request; a table of several runs.

The image is streamed from a file by an address of our own, so that a whole Sentinel-2 tile never
passes through the server's memory; scores are written when asked for.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import partial
from html import escape

import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from bandweave.errors import BandweaveError
from bandweave.raster.geotiff import StoredRaster
from bandweave.workspace import results
from bandweave.workspace.run_folders import Run, State, open_run
from pages.shared import current
from pages.shared.serving.addresses import NEVER, everywhere, prefix
from pages.shared.serving.lanes import DOWNLOADS, wanted

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GEOTIFF = "image/tiff; application=geotiff; profile=cloud-optimized"
_CHOSEN = "download-run"


def downloads(run: Run) -> None:
    """Offer what a finished run leaves: its image, its scores and its request."""
    if run.status().state is not State.DONE:
        return
    with st.popover("Download", icon=":material/download:", key=f"download-{run.id}"):
        if run.has_image:
            st.html(_image_link(run))
        _buttons([run], file_stem(run))
        st.download_button(
            "Request, JSON",
            partial(_request, run),
            f"{file_stem(run)}.json",
            "application/json",
            icon=":material/data_object:",
            key=f"request-{run.id}",
            on_click="ignore",
            width="stretch",
        )


def downloads_of_one(titles: Mapping[Run, str]) -> None:
    """Offer the files of one of several finished runs: the session's, unless another is chosen."""
    runs = {run.id: run for run in titles}
    shown = current.run()
    if shown and shown.id in runs:
        st.session_state[_CHOSEN] = shown.id
        current.remember(current.RUN, shown.id)
    elif st.session_state.get(_CHOSEN) not in runs:
        st.session_state[_CHOSEN] = next(iter(runs))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "One run’s image and scores",
            list(runs),
            format_func=lambda each: titles[runs[each]],
            key=_CHOSEN,
            on_change=lambda: current.remember(current.RUN, st.session_state[_CHOSEN]),
            width=320,
        )
        downloads(runs[chosen or next(iter(runs))])


def table_downloads(runs: Sequence[Run], name: str) -> None:
    """Offer the scores of several runs as one table."""
    with st.popover("Download", icon=":material/download:", key="download-table"):
        _buttons(runs, f"{_plain(name)}-scores")


def file_stem(run: Run) -> str:
    """Return what a run's files are called: scene, method and run."""
    scene = str(run.result().get("scene", ""))
    return "-".join(filter(None, (_plain(scene), run.request.method, run.id)))


def fused_image(request: Request) -> Response:
    """Answer with a run's image as a file to be saved: 404 where there is none."""
    try:
        run = open_run(request.path_params["run"])
        path = results.fused_cog(run, wanted=wanted)
        name = f"{file_stem(run)}.tif"
    except BandweaveError as error:
        return PlainTextResponse(f"{error.message} {error.hint}", 404, NEVER)
    return FileResponse(path, media_type=GEOTIFF, filename=name, headers=NEVER)


def routes() -> list[Route]:
    """Return the address of every run's image."""
    return everywhere("/api/runs/{run}/fused.tif", DOWNLOADS.serving(fused_image))


def _image_link(run: Run) -> str:
    size = _size(run.fused)
    return (
        f"<a class='download' download href='{prefix()}/api/runs/{escape(run.id)}/fused.tif'>"
        f"<span aria-hidden='true'>image</span>Image, GeoTIFF<small>{size}</small></a>"
    )


def _size(fused: StoredRaster) -> str:
    megabytes = max(0.1, fused.path.stat().st_size / 1e6)
    words = f"about {megabytes:.1f} MB" if megabytes < 10 else f"about {megabytes:,.0f} MB"
    return f"{words}; takes minutes to prepare the first time" if results.large(fused) else words


def _buttons(runs: Sequence[Run], stem: str) -> None:
    kinds = (
        ("Scores, CSV", _csv, "csv", "text/csv", ":material/csv:"),
        ("Scores, Excel", _excel, "xlsx", EXCEL, ":material/table:"),
    )
    for label, write, ending, kind, icon in kinds:
        st.download_button(
            label,
            partial(write, runs),
            f"{stem}.{ending}",
            kind,
            icon=icon,
            key=f"{ending}-{stem}",
            on_click="ignore",
            width="stretch",
        )


def _csv(runs: Sequence[Run]) -> bytes:
    return results.csv(results.score_frame(runs))


def _excel(runs: Sequence[Run]) -> bytes:
    return results.excel(results.score_frame(runs), runs)


def _request(run: Run) -> bytes:
    return json.dumps(run.request.as_json(), indent=1).encode()


def _plain(name: str) -> str:
    """Return a name in letters, digits and dashes, as every file system takes it."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
