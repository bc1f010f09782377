"""The paper: repeated on a scene in one click, its tables beside ours, and audited."""

import json
from collections.abc import Callable
from functools import partial

import streamlit as st

from bandweave.paper.tables.export import csv, latex
from bandweave.paper.tables.study_tables import Tables
from pages.paper_parts import audit_view, figures
from pages.paper_parts.printed_tables import table_html
from pages.paper_parts.reproduction import Reproduction, ask, start_button
from pages.shared import current, notices
from pages.shared.forms import choose
from pages.shared.scene_facts import scene_facts

TABLES, FIGURE, NETWORKS = "Tables", "Figure 6", "Networks"
SEAMS, HIDDEN, AUDIT = "Seams", "Answer hidden", "Audit"
MAIN, QUOTED = ("II", "III", "IV", "V", "VI"), ("VII", "VIII", "text")
PAPER = (
    "Ha Tuan Cuong, *Enhancing Spectral Quality through Multisource Fusion of SAR and Optical "
    "Imagery Using Deep Learning*, JETAP 8(1), 2026, "
    "[doi 10.33093/jetap.2026.8.1.4](https://doi.org/10.33093/jetap.2026.8.1.4)"
)


def main() -> None:
    """Show the page."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("The paper", anchor=False, width="stretch")
        entry = current.choose_scene()
    st.caption(PAPER)
    made = None
    if entry is not None:
        with st.container(border=True, key="card-paper-start"):
            notices.simulated(entry.scene)
            made = ask(entry)
            if made:
                start_button(made)
    else:
        notices.no_scene()
    section = choose(
        "Section", (TABLES, FIGURE, NETWORKS, SEAMS, HIDDEN, AUDIT), key="paper-section"
    )
    if section == NETWORKS:
        audit_view.networks()
    elif section == AUDIT:
        show_audit(made)
    elif made:
        {TABLES: tables, FIGURE: figures.figure_six, SEAMS: figures.seams, HIDDEN: hidden}[section](
            made
        )


def tables(made: Reproduction) -> None:
    """Show Tables II to VIII, ours with the printed numbers below, and the files to take away."""
    found = made.tables
    take_away(made, found)
    for key in (*MAIN, *QUOTED):
        with st.container(border=True, key=f"card-table-{key}"):
            st.subheader(found[key].heading, anchor=False)
            st.html(table_html(found[key]))
    with st.container(border=True, key="card-table-I"):
        st.subheader("Table I and Figure 1: the data, and where", anchor=False)
        st.caption("The paper's own are not in our copy; these are this scene's.")
        scene_facts(made.entry)


def take_away(made: Reproduction, found: Tables) -> None:
    """Offer the tables and the one settings file, and the command that makes the same."""
    files: dict[str, tuple[Callable[[], str], str, str]] = {
        "Tables, CSV": (partial(csv, found), "tables.csv", "text/csv"),
        "Tables, LaTeX": (partial(latex, found), "tables.tex", "text/x-tex"),
        "Tables, JSON": (lambda: _json(found.as_json()), "tables.json", "application/json"),
        "Settings, JSON": (lambda: _json(made.asked), "settings.json", "application/json"),
    }
    with st.container(horizontal=True):
        with st.popover("Download", icon=":material/download:"):
            for label, (content, name, kind) in files.items():
                st.download_button(label, content, name, kind, on_click="ignore", width="stretch")
        with st.popover("Copy as command", icon=":material/terminal:"):
            st.code(made.command, language="bash", wrap_lines=True)


def _json(content: object) -> str:
    return json.dumps(content, indent=1, allow_nan=False)


def hidden(made: Reproduction) -> None:
    """Show what the networks do where the answer is hidden, and radar shuffled in both."""
    for key in ("hidden", "radar"):
        with st.container(border=True, key=f"card-table-{key}"):
            st.subheader(made.tables[key].heading, anchor=False)
            st.html(table_html(made.tables[key]))


def show_audit(made: Reproduction | None) -> None:
    """Show the flags, what the paper leaves unstated, and its equations."""
    audit_view.flags(made.facts if made and made.done else None)
    with st.container(border=True, key="card-unstated"):
        st.subheader("Left unstated, and what was chosen here", anchor=False)
        audit_view.left_unsaid()
    with st.container(border=True, key="card-equations"):
        st.subheader("Equations", anchor=False)
        audit_view.all_equations()


main()
