"""Metrics: how good finished runs are, in a table, in charts, and to take away."""

from dataclasses import replace

import streamlit as st
from plotly.graph_objects import Figure

from bandweave.evaluation.scores import MEAN
from bandweave.metrics import METRICS
from pages.metrics_parts.scope import Scope, choose_scope, follow
from pages.shared import current, notices
from pages.shared.names import said
from pages.shared.scores import charts
from pages.shared.scores.downloads import downloads_of_one, table_downloads
from pages.shared.scores.finished import finished_on
from pages.shared.scores.reading import glossary, scale_note
from pages.shared.scores.regions import REGIONS
from pages.shared.scores.tables import comparison_table, sorted_by

LABELS = {key: metric.label for key, metric in METRICS.items()}
SORTS = {key: f"Sort by {label}" for key, label in LABELS.items()}
MEASURES = {charts.SECONDS: "Seconds", **LABELS}


def main() -> None:
    """Show the page."""
    with st.container(gap=None):
        st.title("Metrics", anchor=False)
        st.caption("Runs on one scene, scored the same way.")
    follow()
    with st.container(horizontal=True, vertical_alignment="center", key="metrics-scope"):
        entry = current.choose_scene()
        found = [each for each in finished_on(entry) if each.scores] if entry else []
        scope = choose_scope(entry, found) if entry and found else None
    if scope is not None:
        with st.container(border=True, key="card-scores"):
            ranked = table(scope)
        show_charts(ranked)
    elif entry is not None:
        with st.container(border=True, key="card-empty"):
            st.write(f"Nothing has been finished on {said(entry.name)} yet.")
            st.page_link("pages/fuse.py", label="Fuse this scene", icon=":material/join_inner:")
    else:
        with st.container(border=True, key="card-empty"):
            st.write("There is no scene yet.")
            st.page_link("pages/imagery.py", label="Add imagery", icon=":material/satellite_alt:")


def table(scope: Scope) -> Scope:
    """Show the scores of every row, and offer them for taking away; return the rows as sorted."""
    place = REGIONS[scope.region].lower()
    with st.container(horizontal=True, vertical_alignment="center"):
        title = "Estimated on simulated gaps" if scope.estimated else f"Scores, {place}"
        st.subheader(title, anchor=False, width="content")
        notices.simulated(scope.entry.scene)
        order = measure("Sort by", "metrics-sort", SORTS, "rmse", labelled=False)
        repeated = any(line.singles() for line in scope.lines)
        singles = repeated and st.toggle("Single runs", key="metrics-singles")
        with st.popover("What these mean", icon=":material/help:"):
            st.html(glossary())
        table_downloads([each.run for each in scope.runs], scope.entry.name)
    rows = sorted_by(scope.lines, (scope.region, scope.bands[0], order))
    st.html(comparison_table(rows, scope.region, scope.bands, singles=singles))
    st.caption(said(scale_note(rows, scope.task, scope.bands)))
    ranked = replace(scope, lines=tuple(rows))
    downloads_of_one({each.run: title for line in rows for each, title in line.titles()})
    return ranked


def show_charts(scope: Scope) -> None:
    """Show the charts, two side by side where there is room."""
    left, right = st.columns(2)
    with left, st.container(border=True, key="card-bars", height="stretch"):
        st.subheader("One metric", anchor=False)
        key = measure("Metric", "metrics-bars", LABELS, "rmse")
        draw(charts.bars(scope.lines, scope.region, scope.bands, key))
    with right, st.container(border=True, key="card-scatter", height="stretch"):
        st.subheader("Two metrics against each other", anchor=False)
        with st.container(horizontal=True):
            across = measure("Across", "metrics-across", MEASURES, charts.SECONDS)
            up = measure("Up", "metrics-up", MEASURES, "rmse")
        draw(charts.scatter(scope.lines, (scope.region, MEAN), across, up))
    left, right = st.columns(2)
    with left, st.container(border=True, key="card-errors", height="stretch"):
        st.subheader("How large errors are", anchor=False)
        draw(charts.errors(scope.lines, scope.entry, scope.region))
    with right, st.container(border=True, key="card-learning", height="stretch"):
        st.subheader("How training went", anchor=False)
        draw(charts.learning(scope.lines))


def measure(
    label: str, key: str, offered: dict[str, str], first: str, *, labelled: bool = True
) -> str:
    """Ask for one of several measures."""
    chosen = st.selectbox(
        label,
        list(offered),
        list(offered).index(first),
        format_func=lambda each: offered[each],
        key=key,
        label_visibility="visible" if labelled else "collapsed",
        width=210,
        persist_state="session",
    )
    return chosen or first


def draw(figure: Figure | None) -> None:
    """Show a chart, or say that there is nothing to show in it."""
    if figure is None:
        st.caption("None of these runs tells.")
    else:
        st.plotly_chart(figure, config={"displayModeBar": False})


main()
