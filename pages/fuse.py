"""Fuse: what to do, with which methods and settings, what it will take, and Start."""

from collections.abc import Sequence

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import Run, State, all_runs
from bandweave.workspace.scene_library import Entry
from bandweave.workspace.sweeps import Search
from pages.fuse_parts import fusion_form, sweep_form
from pages.fuse_parts.cloning import clone_asked
from pages.fuse_parts.orders import command, order, start, summary
from pages.shared import current, notices
from pages.shared.running import progress
from pages.shared.running.estimate import Estimated, plan_table
from pages.shared.running.run_table import ended_table


def main() -> None:
    """Show the page."""
    clone_asked()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Fuse", anchor=False, width="stretch")
        entry = current.choose_scene()
    if entry is None:
        notices.no_scene()
        return
    left, right = st.columns([3, 2])
    runs = all_runs()
    with left:
        planned = ask(entry, runs)
        swept, varied, search = ask_sweep(planned)
    with right, st.container(key="beside"):
        with st.container(border=True, key="card-start"):
            st.subheader("What it will take", anchor=False)
            with st.container(horizontal=True):
                seeds = fusion_form.seed_fields()
            if swept:
                sweep_form.offer(swept, varied, search, seeds, entry, runs)
            else:
                offer(planned, seeds)
        follow()


def ask_sweep(planned: list[Estimated | None]) -> tuple[Request | None, dict[str, str], Search]:
    """Ask whether a method's settings are varied, which and how."""
    with st.container(border=True, key="card-sweep"):
        request = sweep_form.wanted(planned)
        varied, search = sweep_form.sweep_fields(request) if request else ({}, Search())
    return request, varied, search


def ask(entry: Entry, runs: Sequence[Run]) -> list[Estimated | None]:
    """Ask for everything but seeds; return each method's plan, None where something is amiss."""
    with st.container(border=True, key="card-task"):
        task = fusion_form.choose_task(entry)
        task_settings = fusion_form.task_fields(task, entry)
    with st.container(border=True, key="card-methods"):
        st.subheader("Methods", anchor=False)
        methods = fusion_form.method_choice(task, entry)
    return [fusion_form.method_plan(method, task, task_settings, entry, runs) for method in methods]


def offer(planned: list[Estimated | None], seeds: Sequence[int]) -> None:
    """Say what it will take, and start it on a click."""
    sound = [each for each in planned if each is not None]
    if not planned:
        st.caption("Choose at least one method.")
    if sound:
        st.html(plan_table(sound))
    complete = bool(planned) and len(sound) == len(planned)
    asked = order([request for request, _ in sound], seeds) if complete else None
    count = len(asked.requests) if asked else 0
    if asked:
        st.caption(summary(asked, len(seeds) * sum(each.seconds for _, each in sound)))
    name = st.text_input(
        "Name", key="fuse-name", placeholder="Name (optional)", label_visibility="collapsed"
    )
    label = f"Start {count} runs" if count > 1 else "Start"
    # one key whatever it says: a click while the page still counts is not lost
    clicked = st.button(
        label,
        key="fuse-start",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not asked,
        width="stretch",
    )
    if asked and clicked:
        try:
            progress.remember(start(asked, name))
        except BandweaveError as error:
            notices.problem(error)
    if asked:
        with st.expander("Copy as command", icon=":material/terminal:"):
            st.code(command(asked), language="bash", wrap_lines=True)


def follow() -> None:
    """Show what was started, and where to go when it has ended."""
    if not progress.followed():
        return
    with st.container(border=True, key="card-followed"):
        ended = progress.follow()
        if not ended:
            return
        st.html(ended_table(ended))
        for run in ended:
            notices.failed(run)
        done = [run.id for run in ended if run.status().state is State.DONE]
        with st.container(horizontal=True):
            if done:
                newest = {"run": done[-1]}
                st.page_link("pages/compare.py", icon=":material/compare:", query_params=newest)
                st.page_link("pages/metrics.py", icon=":material/bar_chart:", query_params=newest)
            last = {"run": ended[-1].id}
            st.page_link("pages/runs.py", icon=":material/list_alt:", query_params=last)


main()
