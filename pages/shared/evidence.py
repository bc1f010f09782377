"""What was decided about imported files, from what, and how sure that is: one table."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from bandweave.prepare.qa_kinds import QA_KINDS
from bandweave.prepare.radiometry import PRODUCTS
from bandweave.sources.evidence import Basis
from pages.shared.names import said

PRODUCT_NAMES = {
    **{key: product.label for key, product in PRODUCTS.items()},
    "8-bit": "8-bit picture",
    "planetscope": "PlanetScope top-of-atmosphere reflectance",
}
UNIT_NAMES = {"db": "dB", "power": "linear power", "amplitude": "amplitude"}
KIND_NAMES = {key: kind.label for key, kind in QA_KINDS.items()}
_NAMES = {"product": PRODUCT_NAMES, "unit": UNIT_NAMES, "kind": KIND_NAMES}
BASES = {
    Basis.STATED: "stated",
    Basis.TAG: "file's tags",
    Basis.METADATA: "metadata beside it",
    Basis.NAME: "names",
    Basis.NUMBERS: "numbers alone",
}


def evidence(found: Sequence[Mapping[str, Any]]) -> None:
    """Show decisions as a table, the unsure ones first."""
    if not found:
        return
    rows = "".join(_row(each) for each in sorted(found, key=lambda each: bool(each["sure"])))
    st.html(
        "<div class='scores words evidence' tabindex='0'><table><thead><tr>"
        "<th scope='col'>What</th><th scope='col'>Decided</th><th scope='col'>From</th>"
        f"<th scope='col'>Why</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def folded(found: Sequence[Mapping[str, Any]]) -> None:
    """Show the decisions of a stored scene, folded."""
    if not found:
        return
    with st.expander(f"How the files were read: {len(found)}", icon=":material/search:"):
        evidence(found)


def named(what: str, value: Any) -> str:
    """Return a decided value in words."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name} from {origin}" for name, origin in value.items())
    if what == "native resolution" and isinstance(value, int | float):
        return f"{value:g} m"
    return _NAMES.get(what, {}).get(str(value), str(value))


def _row(each: Mapping[str, Any]) -> str:
    what = f"{each['layer']} {each['what']}".strip()
    unsure = "" if each["sure"] else "<b class='unsure'>not sure</b> "
    cells = (
        escape(named(str(each["what"]), each["value"])),
        unsure + escape(BASES.get(each["basis"], str(each["basis"]))),
        escape(str(each["why"])),
    )
    return (
        f"<tr><th scope='row'>{escape(what[:1].upper() + what[1:])}</th>"
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr>"
    )


def alternatives(
    found: Sequence[Mapping[str, Any]], settings: Mapping[tuple[str, str], str], prefix: str
) -> None:
    """Show a button for each other reading, or to take back what is stated; a click states it.

    `settings` gives the setting that a layer's decision is stated by.
    """
    for each in found:
        setting = settings.get((each["layer"], each["what"]))
        what, stated = str(each["what"]), each["basis"] == Basis.STATED
        others = {"": ""} if stated else each.get("others", {})
        if not setting or not others:
            continue
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Read as {said(named(what, each['value']))}, or:", width="content")
            for value, words in others.items():
                label = f"{named(what, value)} ({words})" if words else named(what, value)
                st.button(
                    said(label) if value else "As the file tells",
                    key=f"{prefix}-instead-{setting}-{value}",
                    type="tertiary" if each["sure"] else "secondary",
                    icon=":material/swap_horiz:",
                    on_click=_state,
                    args=(f"{prefix}-{setting}", value),
                )


def _state(key: str, value: str) -> None:
    st.session_state[key] = value
