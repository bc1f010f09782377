"""What a fit found out about the scene: a sentence, and its table for those who want it."""

from html import escape

import streamlit as st

from bandweave.workspace.run_folders import Run
from pages.shared.names import said


def found(run: Run) -> None:
    """Say what a run's fit found out, where it did."""
    findings = run.result().get("findings")
    if not findings:
        return
    st.markdown(f":material/insights: {said(findings['sentence'])}")
    if not findings["rows"]:
        return
    head, *rows = (
        _line(cells, of)
        for cells, of in ((findings["columns"], "th"), *((row, "td") for row in findings["rows"]))
    )
    with st.expander("What practice gaps showed", icon=":material/table_rows:"):
        st.html(
            f"<div class='scores' tabindex='0'><table><thead>{head}</thead>"
            f"<tbody>{''.join(rows)}</tbody></table></div>"
        )


def _line(cells: list[str], of: str) -> str:
    """Return a row of the table, its first cell the head of the others."""
    first, *others = map(escape, cells)
    return f"<tr><th>{first}</th>{''.join(f'<{of}>{each}</{of}>' for each in others)}</tr>"
