"""The Fuse page's form of a sweep: which settings of a method are varied, and how."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import streamlit as st

from bandweave.errors import BandweaveError, SettingError
from bandweave.methods import METHODS
from bandweave.metrics import METRICS
from bandweave.running import engine
from bandweave.settings import Setting, Value
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import Run
from bandweave.workspace.scene_library import Entry
from bandweave.workspace.studies import Study
from bandweave.workspace.sweeps import BUDGET, Changes, Search, Sweep, offered
from pages.shared import notices
from pages.shared.forms import setting_field, spoken
from pages.shared.names import said
from pages.shared.running.estimate import Estimated, duration, estimated

KEY = "sweep"
ESTIMATED = 20
"""Combinations whose time is estimated; the others are taken to be as long on average."""


def wanted(planned: Sequence[Estimated | None]) -> Request | None:
    """Ask whether settings are varied, and of which method; return its request, None if not."""
    able = {
        each[0].method: each[0] for each in planned if each and METHODS[each[0].method].settings()
    }
    if not able or not st.toggle(
        "Vary settings",
        key=f"{KEY}-on",
        help="Run one method under many settings, and see which are best.",
        persist_state="session",
    ):
        return None
    if st.session_state.get(f"{KEY}-method") not in able:
        st.session_state[f"{KEY}-method"] = next(
            (key for key, each in able.items() if BUDGET in each.settings), next(iter(able))
        )
    if len(able) == 1:
        return next(iter(able.values()))
    method = st.selectbox(
        "Method",
        list(able),
        format_func=lambda key: METHODS[key].label,
        key=f"{KEY}-method",
        width=220,
        persist_state="session",
    )
    return able[method]


def sweep_fields(request: Request) -> tuple[dict[str, str], Search]:
    """Ask for the settings that are varied, their values, and the search."""
    declared = {each.name: each for each in METHODS[request.method].settings()}
    names = st.pills(
        "Settings to vary",
        list(declared),
        selection_mode="multi",
        format_func=lambda name: declared[name].label,
        key=f"{KEY}-{request.method}-names",
        persist_state="session",
    )
    varied = {
        name: _values_field(declared[name], request.settings[name], request.method)
        for name in names
    }
    return varied, _search_fields()


def _values_field(declared: Setting, value: Value, method: str) -> str:
    """Ask for a setting's values as `Varied.parse` reads them."""
    key = f"{KEY}-{method}-{declared.name}"
    if declared.kind == "flag":
        st.caption(said(f"{declared.label}: yes and no"))
        return "yes, no"
    if declared.kind == "choice":
        st.session_state.setdefault(key, list(declared.choices))
        chosen = st.multiselect(
            said(declared.label),
            declared.choices,
            format_func=spoken,
            key=key,
            persist_state="session",
        )
        return ", ".join(chosen)
    st.session_state.setdefault(key, ", ".join(map(str, around(declared, value))))
    return st.text_input(
        said(declared.label),
        key=key,
        help=said(f"{declared.help} Values such as 16, 32, 64, or a range such as 16..64."),
        persist_state="session",
    )


def around(declared: Setting, value: Value) -> list[Value]:
    """Return a number's half, itself and its double, as far as the setting may be those.

    >>> from bandweave.methods.networks.shallow_cnn import ShallowCNN
    >>> patch = next(each for each in ShallowCNN.settings() if each.name == "patch")
    >>> around(patch, 64), around(patch, 8)
    ([32, 64, 128], [8, 16])
    """
    found: list[Value] = []
    for factor in (0.5, 1, 2):
        number = float(value) * factor
        with suppress(SettingError):
            found.append(declared.parse(round(number) if declared.kind == "integer" else number))
    return list(dict.fromkeys(found))


def _search_fields() -> Search:
    usual, key = Search().values(), f"{KEY}-search"
    strategy = str(st.session_state.get(f"{key}-strategy", usual["strategy"]))
    values = dict(usual)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for each in Search.asked(strategy):
            shown = replace(each, choices=offered()) if each.name == "strategy" else each
            words = _metric_label if each.name == "metric" else None
            values[each.name] = setting_field(
                shown, usual[each.name], key=f"{key}-{each.name}", width=140, words=words
            )
    return Search.from_values(values)


def _metric_label(metric: str) -> str:
    return METRICS[metric].label


def offer(
    request: Request,
    varied: dict[str, str],
    search: Search,
    seeds: Sequence[int],
    entry: Entry,
    runs: Sequence[Run],
) -> None:
    """Say what the sweep will take, or what is amiss; start it on a click, and go to its page."""
    try:
        sweep = Sweep.of(request, varied, search, seeds)
        planned = sweep.plan(entry.scene)
        seconds = duration(expected(sweep, planned, entry, runs))
        st.caption(said(f"{sweep.takes}, about {seconds}."))
    except BandweaveError as error:
        st.caption(said(f"{error.message} {error.hint}") if varied else "Choose settings to vary.")
        sweep = None
    name = st.text_input(
        "Name", key="sweep-name", placeholder="Name (optional)", label_visibility="collapsed"
    )
    label = f"Start {sweep.runs()} runs" if sweep else "Start"
    clicked = st.button(
        said(label),
        key="sweep-start",
        type="primary",
        icon=":material/play_arrow:",
        disabled=sweep is None,
        width="stretch",
    )
    if sweep and clicked:
        try:
            study = started(sweep, name)
        except BandweaveError as error:
            notices.problem(error)
        else:
            st.switch_page("pages/sweeps.py", query_params={"study": study.id})


def started(sweep: Sweep, name: str) -> Study:
    """Start a sweep with its reference rows; an empty name is made up."""
    return engine.local().submit_sweep(name.strip() or sweep.title, sweep, sweep.references)


def expected(sweep: Sweep, planned: Sequence[Changes], entry: Entry, runs: Sequence[Run]) -> float:
    """Return the seconds that all runs take together, at the pace of finished runs."""
    some = (planned or [{}])[:ESTIMATED]

    def mean(extra: Changes) -> float:
        asked = [sweep.asks({**changes, **extra}, sweep.seeds[0]) for changes in some]
        return sum(estimated(each, entry, runs).seconds for each in asked) / len(asked)

    rounds = sweep.rounds()
    cut = len(rounds) > 1
    each_round = (each.trials * mean({BUDGET: each.budget} if cut else {}) for each in rounds)
    return sum(each_round) * len(sweep.seeds)
