"""The paper's study on a scene: what is asked, what of it has run already, and starting the rest.

What has run is found again by what was asked, so that a reload shows the tables at once and
nothing is trained twice.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.paper.audit import SceneFacts
from bandweave.paper.audit.scene_facts import scene_facts
from bandweave.paper.study import PaperSettings, requests
from bandweave.paper.tables.study_tables import SceneTruth, Tables
from bandweave.running import engine
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import Run, State, all_runs, equivalent_runs
from bandweave.workspace.scene_library import Entry
from pages.shared import notices
from pages.shared.forms import setting_fields
from pages.shared.names import said
from pages.shared.running import progress
from pages.shared.running.estimate import duration, estimated

SEED = "paper-seed"


@dataclass(frozen=True, eq=False)
class Reproduction:
    """A study as it is asked for on a scene, with what of it has run or is under way."""

    entry: Entry
    settings: PaperSettings
    seed: int
    requests: Mapping[str, Request]
    runs: Mapping[str, Run]

    @cached_property
    def done(self) -> dict[str, Run]:
        """The runs that have finished well."""
        return {
            key: run
            for key, run in self.runs.items()
            if run.status().state is State.DONE and run.has_image
        }

    @cached_property
    def under_way(self) -> dict[str, Run]:
        """The runs that somebody waits for and that have not ended."""
        return {
            key: run
            for key, run in self.runs.items()
            if key not in self.done and not run.background
        }

    @property
    def missing(self) -> dict[str, Request]:
        """What nobody waits for yet; what the background has in its queue is a part of it."""
        there = self.done.keys() | self.under_way.keys()
        return {key: asked for key, asked in self.requests.items() if key not in there}

    @property
    def failed(self) -> list[Run]:
        """The last attempts at what is missing, where they ended badly."""
        ended_badly = (State.FAILED, State.LOST)
        return [run for run in equivalent_runs(list(self.missing.values()), ended_badly) if run]

    @property
    def scene_truth(self) -> SceneTruth:
        """The scene's truth and what follows from it; measured once."""
        stamp = self.entry.folder.stat().st_mtime_ns
        return _scene_truth(self.entry.id, stamp, self.seed, self.entry)

    @property
    def tables(self) -> Tables:
        """All tables, with empty cells for what has not run; made once for the same runs."""
        ids = tuple((key, run.id) for key, run in self.done.items())
        return _tables((self.entry.id, self.seed, ids), self.done, self.scene_truth)

    @property
    def facts(self) -> SceneFacts:
        """What the audit may quote of this scene."""
        ids = tuple((key, run.id) for key, run in self.done.items())
        return _facts((self.entry.id, self.seed, ids), self)

    @property
    def asked(self) -> dict[str, Any]:
        """The settings file, as `bandweave paper --settings` reads it."""
        return {"scene": self.entry.id, "seed": self.seed, "settings": self.settings.values()}

    @property
    def command(self) -> str:
        """The command line that makes the same tables."""
        usual = PaperSettings().values()
        changed = [f"{k}={v}" for k, v in self.settings.values().items() if v != usual[k]]
        words = ["bandweave", "paper", "--scene", self.entry.id]
        words += (["--set", *changed] if changed else []) + ["--seed", str(self.seed)]
        return shlex.join([*words, "--out", "results/paper"])


@st.cache_resource(show_spinner=False, max_entries=4)
def _scene_truth(scene_id: str, changed: int, seed: int, _entry: Entry) -> SceneTruth:
    return SceneTruth.of(_entry.scene, seed)


@st.cache_resource(show_spinner=False, max_entries=8)
def _tables(key: tuple[Any, ...], _runs: Mapping[str, Run], _scene_truth: SceneTruth) -> Tables:
    return Tables.of(_runs, _scene_truth)


@st.cache_resource(show_spinner=False, max_entries=8)
def _facts(key: tuple[Any, ...], _made: Reproduction) -> SceneFacts:
    return scene_facts(_made.entry.scene, _made.scene_truth, _made.done, _made.entry.name)


def ask(entry: Entry) -> Reproduction | None:
    """Ask for the study's settings; None, with the reason said, where it cannot be run."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        values = setting_fields(
            PaperSettings.settings(), PaperSettings().values(), key=f"paper-{entry.id}"
        )
        st.session_state.setdefault(SEED, 0)
        seed = st.number_input("Seed", 0, 2**31 - 1, key=SEED, width=130, persist_state="session")
    try:
        settings = PaperSettings.from_values(values)
        wanted = requests(entry.id, entry.scene.grid.shape, settings, seed)
    except BandweaveError as error:
        notices.problem(error)
        return None
    found = zip(wanted, equivalent_runs(list(wanted.values())), strict=True)
    return Reproduction(entry, settings, seed, wanted, {key: run for key, run in found if run})


def start_button(made: Reproduction) -> None:
    """Offer to run what is missing, say how long that takes, and show what is under way."""
    missing = made.missing
    with st.container(horizontal=True, vertical_alignment="center"):
        clicked = st.button(
            "Reproduce",
            key="paper-start",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not missing,
        )
        words = _words(made)
        if words:
            st.caption(words)
    if clicked and missing:
        try:
            engine.local().submit_study("The paper", (), list(made.requests.values()))
        except BandweaveError as error:
            notices.problem(error)
        else:
            st.rerun()
    if made.under_way:
        asked = made.done | made.under_way
        progress.together([(run, made.requests[key].label) for key, run in asked.items()])
    for run in made.failed:
        notices.failed(run)


def _words(made: Reproduction) -> str:
    if not made.missing:
        return "" if made.under_way else f"{len(made.requests)} runs, all done."
    runs = all_runs()
    try:
        seconds = sum(estimated(each, made.entry, runs).seconds for each in made.missing.values())
    except BandweaveError as error:
        return said(error.message)
    return f"{len(made.missing)} runs, at most {duration(seconds)}: networks are trained once."
