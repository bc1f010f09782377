"""The audit on the screen: every flag opens to its arithmetic; what the paper leaves unstated."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from bandweave.paper.audit import GRADES, Flag, SceneFacts, audit
from bandweave.paper.audit.flag import Step
from bandweave.paper.audit.unstated import unstated
from bandweave.paper.printed.architectures import NETWORKS, layers, network, parameters
from bandweave.paper.printed.drawings import drawing
from bandweave.paper.printed.equations import equations, unnumbered
from bandweave.paper.printed.numbers import PROTOCOL

NONE = "–"


def flags(facts: SceneFacts | None) -> None:
    """Show every flag under its grade, the gravest first."""
    found = audit(facts)
    for grade, meaning in GRADES.items():
        chosen = [flag for flag in found if flag.grade == grade]
        if not chosen:
            continue
        st.subheader(f"{grade.capitalize()} ({len(chosen)})", anchor=False)
        st.caption(meaning)
        for flag in chosen:
            with st.expander(flag.title):
                st.html(flag_html(flag))


def flag_html(flag: Flag) -> str:
    """Return a flag's claim, its arithmetic step by step, and the verdict."""
    claim = f"<p><b>Printed:</b> {escape(flag.claim)}</p>" if flag.claim else ""
    steps = "".join(_step(step) for step in flag.steps)
    return (
        f"<div class='flag'><p class='grade'>{escape(flag.judgement)}</p>{claim}"
        f"<ol>{steps}</ol><p><b>So:</b> {escape(flag.verdict)}</p></div>"
    )


def _step(step: Step) -> str:
    parts = [f"<span>{escape(step.text)}</span>"]
    if step.formula:
        parts.append(f"<code>{escape(step.formula)}</code>")
    if step.numbers:
        given = ", ".join(f"{name} = {value}" for name, value in step.numbers.items())
        parts.append(f"<small>{escape(given)}</small>")
    if step.result:
        parts.append(f"<b>{escape(step.result)}</b>")
    return f"<li>{''.join(parts)}</li>"


def left_unsaid() -> None:
    """Show what the paper does not say, and what is done here."""
    rows = [(each.what, each.chosen, each.where) for each in unstated()]
    st.html(_words(("The paper does not say", "Here", "Where it is set"), rows, stacks=True))


def all_equations() -> None:
    """Show the paper's equations, as printed and as they should read."""
    rows = [
        (
            f"({each.number}) {each.name}".strip(),
            each.printed,
            each.right,
            each.note,
            each.computed_by,
        )
        for each in equations()
    ]
    st.html(_words(("Equation", "Printed", "Right", "Note", "Computed by"), rows, stacks=True))
    st.caption("Formulas whose number, if they have one, is not in our copy:")
    heads = ("Formula", "Right", "Computed by")
    st.html(_words(heads, [tuple(each) for each in unnumbered()], stacks=True))


def networks() -> None:
    """Draw both networks, with every layer's shape and weights, after what they work on."""
    st.caption(f"In the paper: {PROTOCOL}")
    for key in NETWORKS:
        method = network(key)
        with st.container(border=True, key=f"card-network-{key}"):
            st.subheader(method.label, anchor=False)
            # st.html would take every SVG out
            st.markdown(drawing(key), unsafe_allow_html=True)
            st.caption(
                f"{parameters(key):,} weights a band; {method.epochs} epochs of patches of "
                f"{method.patch} px, {method.loss.upper()}, Adam at {method.learning_rate:g}. An "
                f"output pixel sees {method.architecture.halo} pixels to each side, at most."
            )
            rows = [
                (each.label, each.activation, each.shape, f"{each.parameters:,}")
                for each in layers(key)
            ]
            st.html(_words(("Layer", "Activation", "Output", "Weights"), rows))


def _words(heads: Sequence[str], rows: Sequence[Sequence[str]], *, stacks: bool = False) -> str:
    """Return a table of words; one that `stacks` has a row's cells below one another on a phone."""
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in heads)
    body = "".join(
        f"<tr><th scope='row'>{escape(row[0])}</th>"
        + "".join(
            f"<td data-head='{escape(name)}' class='{'' if cell else 'empty'}'>"
            f"{escape(cell or NONE)}</td>"
            for name, cell in zip(heads[1:], row[1:], strict=True)
        )
        + "</tr>"
        for row in rows
    )
    kind = "words stacks" if stacks else "words"
    return (
        f"<div class='scores {kind}' tabindex='0'><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )
