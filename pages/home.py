"""Overview: the main job in one click, on the demo scene, and the truth beside it."""

import streamlit as st

from core import engine
from core.errors import BandweaveError
from core.evaluate import MEAN
from core.library import Entry
from core.methods import METHODS
from core.runs import State
from pages.shared import demo, notices, panels, results
from pages.shared.comparison import comparison
from pages.shared.forms import setting_field
from pages.shared.progress import mention, watch
from pages.shared.tables import score_table

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
        task = TASKS[
            st.segmented_control(
                "Task", list(TASKS), default=next(iter(TASKS)), required=True, key="task",
                label_visibility="collapsed", persist_state="session",
            )
        ]  # fmt: skip
    entry = demo.scene()
    with st.container(border=True, key="card-try"):
        train(task, entry)
    if entry is None:
        notices.preparing(demo.failure())
        return
    rows = results.results(task)
    with st.container(border=True, key="card-panels"):
        comparison(task, entry, rows)
    with st.container(border=True, key="card-scores"):
        table(task, rows)


def train(task: str, entry: Entry | None) -> None:
    """Ask for a model and its settings, start it, and show how far it is."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.segmented_control(
            "Model", list(MODELS), default="Shallow CNN", required=True, key="model",
            persist_state="session",
        )  # fmt: skip
        changes = {method: fields(task, method, model == "Both") for method in MODELS[model]}
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, 0, 1, key="seed", width=90, persist_state="session"
        )
        asked = st.button(
            "Train", type="primary", icon=":material/play_arrow:", disabled=entry is None
        )
    if asked:
        try:
            for method, values in changes.items():
                results.remember(engine.local().submit(demo.request(task, method, values, seed)))
        except BandweaveError as error:
            notices.problem(error)
    own = results.own(task)
    if not watch(own) and entry is not None:
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.caption(notices.plan(task, changes, entry.scene.grid), width="content")
            mention([row for row in results.results(task) if not row.own])
    if own and own[-1].run.status().state in (State.FAILED, State.LOST):
        notices.failed(own[-1].run.status())


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
        band = st.segmented_control(
            "Band", [MEAN, *panels.VISIBLE], default=MEAN, required=True, key="band",
            format_func=str.capitalize, label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
    done = [row for row in rows if row.run.status().state is State.DONE]
    if not done:
        st.caption("The first scores appear here when a method has run.")
        return
    st.html(score_table(done, REGIONS[task], band))
    st.caption(CALM[task])


main()
