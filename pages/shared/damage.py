"""What cannot be read: a row with the reason, its files to look at, and a way to delete it."""

from collections.abc import Callable
from html import escape
from pathlib import Path

import streamlit as st

from bandweave.errors import BandweaveError, NewerError
from bandweave.workspace.glance import glances
from pages.shared.names import said


def damaged_row(
    what: str, folder: Path, error: BandweaveError, delete: Callable[[str, str], None]
) -> None:
    """Show one row; `delete` gets the folder's name twice, as id and as what to call it."""
    name = folder.name
    with st.container(horizontal=True, vertical_alignment="center", key=f"damaged-{what}-{name}"):
        newer = isinstance(error, NewerError)
        words = error.message if newer else f"The {what} “{name}” is damaged."
        why = error.hint if newer else error.message
        st.caption(said(words), width="content", help=said(why))
        with st.popover("Files", type="tertiary"):
            st.text(f"{error.message} {error.hint}")
            files(folder)
        st.button(
            "Delete it",
            type="tertiary",
            key=f"discard-{what}-{name}",
            on_click=delete,
            args=(name, name),
        )


def files(folder: Path) -> None:
    """Show the names, sizes and first characters of a folder's files."""
    lines = "".join(
        f"<tr><th scope='row'>{escape(each.name)}</th>"
        f"<td>{'' if each.size is None else f'{each.size:,}'}</td>"
        f"<td>{escape(each.beginning)}</td></tr>"
        for each in glances(folder)
    )
    st.html(
        "<div class='scores words' tabindex='0'><table><thead><tr><th scope='col'>File</th>"
        "<th scope='col'>Bytes</th><th scope='col'>Begins with</th></tr></thead>"
        f"<tbody>{lines}</tbody></table></div>"
    )
