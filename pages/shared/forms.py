"""Widgets that keep their value over page changes; settings' fields from their declarations.

A field's value lives in the session's state under the field's key, put there before the field is
shown: a page that writes another value there (a preset, a cloned run) changes what is shown.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from bandweave.settings import Setting, Value
from pages.shared.names import said

_SPOKEN = {"db": "dB", "mse": "MSE", "mae": "MAE"}


def choose(label: str, options: Iterable[str], *, key: str, labelled: bool = False) -> str:
    """Ask for exactly one of a few options, the first unless chosen otherwise."""
    offered = list(options)
    if st.session_state.get(key) not in offered:
        st.session_state[key] = offered[0]
    chosen: str = st.segmented_control(  # type: ignore[assignment]
        label,
        offered,
        required=True,
        format_func=lambda option: said(option[:1].upper() + option[1:]),
        key=key,
        label_visibility="visible" if labelled else "collapsed",
        persist_state="session",
    )
    return chosen


def setting_fields(
    settings: Sequence[Setting], values: Mapping[str, Value], *, key: str, width: int = 150
) -> dict[str, Value]:
    """Show all settings' fields, the advanced ones folded, and return the values by name."""
    chosen = {}
    plain = [declared for declared in settings if not declared.advanced]
    more = [declared for declared in settings if declared.advanced]
    for shown, folded in ((plain, False), (more, True)):
        if not shown:
            continue
        place = st.expander("More settings", icon=":material/tune:") if folded else st.container()
        with place, st.container(horizontal=True, vertical_alignment="bottom"):
            for declared in shown:
                chosen[declared.name] = setting_field(
                    declared, values[declared.name], key=f"{key}-{declared.name}", width=width
                )
    return chosen


def setting_field(
    declared: Setting,
    value: Value,
    *,
    key: str,
    prefix: str = "",
    width: int | None = None,
    words: Callable[[str], str] | None = None,
) -> Value:
    """Show a setting as the widget its kind asks for, and return the value chosen.

    `value` is shown first; the choice survives reruns and page changes under `key`. `words` says
    what choices are called, by default as `spoken` does.
    """
    if key not in st.session_state:
        st.session_state[key] = value
    label = f"{prefix} {declared.label.lower()}" if prefix else declared.label
    common: dict[str, Any] = {"key": key, "help": declared.help, "persist_state": "session"}
    if declared.kind == "flag":
        return bool(st.toggle(label, **common))
    common["width"] = width or "stretch"
    if declared.kind == "choice":
        return str(st.selectbox(label, declared.choices, format_func=words or spoken, **common))
    return _number_field(declared, label, common)


def spoken(choice: str) -> str:
    """Return a choice as a form says it.

    >>> spoken("min-max"), spoken("db")
    ('Min-max', 'dB')
    """
    return _SPOKEN.get(choice, choice[:1].upper() + choice[1:])


def _number_field(declared: Setting, label: str, common: dict[str, Any]) -> Value:
    whole = declared.kind == "integer"
    number: Any = int if whole else float
    chosen = st.number_input(
        label,
        min_value=None if declared.minimum is None else number(declared.minimum),
        max_value=None if declared.maximum is None else number(declared.maximum),
        step=number(declared.step) if declared.step else (1 if whole else _step(declared)),
        format="%d" if whole else "%g",
        **common,
    )
    return declared.parse(chosen)


def _step(declared: Setting) -> float:
    """Return a step as large as the default's leading digit: 0.1 for 0.3, 0.001 for 0.001."""
    size = abs(float(declared.default)) or (declared.maximum or 1.0) / 10
    return float(10 ** math.floor(math.log10(size)))
