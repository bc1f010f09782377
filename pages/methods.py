"""Methods: every method, task, metric and source, straight from the registries."""

import streamlit as st

from bandweave.methods import METHODS
from bandweave.metrics import METRICS
from bandweave.metrics.metric import Metric
from bandweave.problem import Method
from bandweave.registry import PROBLEMS
from bandweave.sources import SOURCES
from bandweave.tasks import TASKS
from pages.shared.cards import Card, card_grid, looks, plain
from pages.shared.forms import choose
from pages.shared.names import said

READING = {
    "lower": "Lower is better",
    "higher": "Higher is better",
    "closer": "Better the closer to the original's own value",
}
SIGNS = (
    "In formulas F is the result, M the optical image, R the radar (in classical methods matched "
    "to what it replaces), w the injection weight, and k counts bands."
)


def main() -> None:
    """Show the page."""
    with st.container(gap=None):
        st.title("Methods", anchor=False)
        st.caption("Everything the product can do, with its source.")
    shelves = {
        "Methods": [method_card(method) for method in METHODS.values()],
        "Tasks": [
            Card(task.key, task.label, task.description, task.source, settings=task.settings())
            for task in TASKS.values()
        ],
        "Metrics": [metric_card(metric) for metric in METRICS.values()],
        "Sources": [
            Card(each.key, each.label, each.description, each.source, settings=each.settings())
            for each in SOURCES.values()
        ],
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        shelf = choose("Shelf", shelves, key="shelf")
        wanted = st.text_input(
            "Search",
            key="wanted",
            placeholder="Search",
            icon=":material/search:",
            label_visibility="collapsed",
            width=240,
        )
    found = [card for card in shelves[shelf] if card.holds(wanted)]
    for name, why in PROBLEMS.items():
        st.warning(said(f"{name} is left out. {why}"), icon=":material/extension_off:")
    if found:
        if shelf == "Methods":
            st.caption(SIGNS)
        st.html(card_grid(found))
    else:
        st.caption(f"Nothing among the {shelf.lower()} mentions “{said(wanted)}”.")


def method_card(method: type[Method]) -> Card:
    """Describe a method."""
    facts = {"Family": method.family.capitalize()} | origin(method)
    weights = method().parameters()
    if weights is not None:
        facts["Weights"] = f"{weights:,} a band"
    reach = method().reach()
    if reach is not None:
        facts["Looks"] = looks(reach)
    suited = [task.label for task in TASKS.values() if method.suits(task)]
    facts["Tasks"] = ", ".join(suited)
    if method.presets:
        facts["Presets"] = ", ".join(method.presets)
    return Card(
        method.key,
        method.label,
        method.summary,
        method.source,
        facts,
        method.settings(),
        method.formula,
    )


def metric_card(metric: Metric) -> Card:
    """Describe a metric."""
    low, high = ("" if limit is None else plain(limit) for limit in metric.range)
    aimed = metric.better == "closer" and metric.needs_reference
    facts = {
        "Reading": "Better the closer to 0" if aimed else READING[metric.better],
        "Range": f"{low or '−∞'} to {high or '∞'}",
        "Unit": "the band's own" if metric.unit == "band" else metric.unit or "none",
        "Compares": "with the original" if metric.needs_reference else "nothing; one image alone",
    }
    return Card(metric.key, metric.label, "", metric.source, facts | origin(metric))


def origin(entry: type[Method] | Metric) -> dict[str, str]:
    """Return which package adds an entry, as a fact; nothing where it is our own."""
    return {"Added by": entry.origin} if entry.origin else {}


main()
