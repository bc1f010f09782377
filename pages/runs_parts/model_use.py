"""A finished run's model on another scene: where it fits, why not elsewhere, and starting it."""

from dataclasses import replace

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.raster.scene import CLOUD
from bandweave.running import engine
from bandweave.settings import Value
from bandweave.workspace.models import Model, Seen, model_of
from bandweave.workspace.request import APPLY, START, Request, Taken
from bandweave.workspace.run_folders import Run
from bandweave.workspace.scene_library import Entry
from pages.shared import current, notices
from pages.shared.forms import setting_fields
from pages.shared.names import said

MOST_LISTED = 6
"""How many scenes that it does not fit are listed without scrolling."""
LINE = 30
"""A line's height in CSS pixels."""


def model_use(run: Run) -> None:
    """Offer to apply a run's model to another scene, or to train on from it there."""
    with st.expander("Use this model on another scene", icon=":material/move_group:"):
        try:
            model = model_of(run)
        except BandweaveError as error:
            st.caption(said(f"{error.message} {error.hint}"))
            return
        others = [each for each in current.entries() if each.id != run.request.scene]
        reasons = {each.id: _misfit(model, each) for each in others}
        fitting = {each.id: each for each in others if not reasons[each.id]}
        if fitting:
            _offer(model, fitting)
        elif others:
            st.write("It fits none of the other scenes.")
        else:
            st.write("There is no other scene yet.")
            st.page_link("pages/imagery.py", label="Add imagery", icon=":material/satellite_alt:")
        _unfit([(each, reasons[each.id]) for each in others if reasons[each.id]])


def _misfit(model: Model, entry: Entry) -> str:
    try:
        return model.fitted.misfit(_moved(model.run, entry), entry.scene)
    except BandweaveError as error:  # it has no radar, for one
        return error.message.removesuffix(".")


def _moved(run: Run, entry: Entry, **changes: Value) -> Request:
    """Return what a run was asked, for another scene and with its model applied."""
    asked = run.request
    return replace(
        asked,
        scene=entry.id,
        task_settings={**asked.task_settings, **changes},
        model=Taken(run.id),
    )


def _offer(model: Model, fitting: dict[str, Entry]) -> None:
    """Ask for a scene, and start on a click."""
    run = model.run
    names, method = current.names(), run.request.configured_method
    st.caption(
        "What it has learned stays; what belongs to the scene itself is fitted anew there. Its "
        "score does not go along: it is measured there."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Scene",
            list(fitting),
            format_func=lambda each: names.get(each, each),
            key=f"model-scene-{run.id}",
            width=320,
        )
        entry = fitting[chosen or next(iter(fitting))]
        changes = _purpose(run, entry)
    asked = _moved(run, entry, **changes)
    if told := model.fitted.told(Seen.of("", asked, entry.scene)):
        st.caption(f":material/info: It will not be scored there. {said(told)}")
    with st.container(horizontal=True):
        apply = st.button("Apply", icon=":material/play_arrow:", type="primary")
        train = method.continues and st.button("Train on from it", icon=":material/model_training:")
    if apply or train:
        use = START if train else APPLY
        try:
            started = engine.local().submit(replace(asked, model=Taken(run.id, use)))
        except BandweaveError as error:
            notices.problem(error)
            return
        current.remember(current.RUN, started.id)
        st.rerun()


def _purpose(run: Run, entry: Entry) -> dict[str, Value]:
    """Ask what is wanted where the scene has clouds, as on the page that fuses it."""
    task = run.request.configured_task
    asked = [each for each in task.settings() if each.on_clouds is not None]
    if entry.scene.mask(CLOUD) is None:
        return {}
    usual = {each.name: run.request.task_settings[each.name] for each in asked}
    return setting_fields(asked, usual, key=f"model-{run.id}-{entry.id}")


def _unfit(found: list[tuple[Entry, str]]) -> None:
    """Name the scenes that the model does not fit, with the reason."""
    if not found:
        return
    names = current.names()
    many = len(found) > MOST_LISTED
    with st.container(
        height=LINE * MOST_LISTED if many else "content", border=False, gap=None, key="unfit"
    ):
        for entry, reason in found:
            name = names.get(entry.id, entry.id)
            st.caption(f":material/block: **{said(name)}**: {said(reason)}.")
