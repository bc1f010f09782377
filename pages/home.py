"""Overview: the main job in one click, on the demo scene, and the truth beside it."""

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.evaluation.scores import MEAN
from bandweave.methods import METHODS
from bandweave.running import engine
from bandweave.workspace.run_folders import State
from bandweave.workspace.scene_library import Entry
from pages.home_parts.comparison import comparison
from pages.home_parts.latest import latest
from pages.shared import demo, notices, results
from pages.shared.forms import choose, setting_field
from pages.shared.running.progress import mention, watch
from pages.shared.scores.tables import score_table

TASKS = {"Rebuild the image": "reconstruct", "With the answer hidden": "gap"}
REGIONS = {"reconstruct": "all", "gap": "hidden"}
CALM = {
    "reconstruct": "Here the input contains the answer; a plain copy scores 0.",
    "gap": "Part of the image is hidden from every method; only those pixels are scored.",
}
MODELS = {
    "Shallow CNN": ("shallow-cnn",),
    "Autoencoder": ("cae",),
    "Both": demo.NETWORKS,
}


def main() -> None:
    """Show the page."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="head"):
        with st.container(gap=None):
            st.title("Fuse radar and optical imagery", anchor=False)
            st.caption("Train a network on both, and see how close it comes to the original.")
        st.page_link(
            "pages/imagery.py", label="Use your own imagery", icon=":material/upload_file:"
        )
        task = TASKS[choose("Task", TASKS, key="task")]
    entry = demo.scene()
    with st.container(border=True, key="card-try"):
        rows = train(task, entry)
    if entry is None:
        notices.preparing(demo.failure())
        return
    with st.container(border=True, key="card-panels"):
        comparison(task, entry, rows)
    with st.container(border=True, key="card-scores"):
        table(task, rows)
    latest()


def train(task: str, entry: Entry | None) -> list[results.Result]:
    """Ask for a model and its settings, start it, show how far it is; return all rows."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = choose("Model", MODELS, key="model", labelled=True)
        changes = {method: fields(task, method, model == "Both") for method in MODELS[model]}
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, 0, 1, key="seed", width=90, persist_state="session"
        )
        requests, words = notices.offer(task, changes, seed, entry)
        asked = st.button(
            "Train", type="primary", icon=":material/play_arrow:", disabled=not requests
        )
    if asked:
        try:
            for request in requests:
                results.remember(engine.local().submit(request))
        except BandweaveError as error:
            notices.problem(error)
    rows = results.results(task)
    own = [row for row in rows if row.requested]
    with st.container(key="under-way"):
        if not watch(own):
            with st.container(horizontal=True):
                st.caption(words, width="content")
                mention([row for row in rows if not row.requested])
    if own:
        notices.failed(own[-1].run)
    return rows


def fields(task: str, method: str, named: bool) -> dict[str, object]:
    """Ask for a network's patch and epochs, starting from the demo's."""
    usual = demo.request(task, method).settings
    settings = {declared.name: declared for declared in METHODS[method].settings()}
    prefix = METHODS[method].label if named else ""
    return {
        name: setting_field(
            settings[name], usual[name], key=f"{method}-{name}", prefix=prefix, width=130
        )
        for name in ("patch", "epochs")
    }


def table(task: str, rows: list[results.Result]) -> None:
    """Show the scores of every finished row."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Scores", anchor=False)
        band = choose("Band", (MEAN, *demo.VISIBLE), key="band")
    done = [row for row in rows if row.run.status().state is State.DONE]
    if done:
        st.html(score_table(done, REGIONS[task], band))
    else:
        st.caption("The first scores appear here when a method has run.")
    st.caption(CALM[task])


main()
