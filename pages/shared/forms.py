"""Widgets that keep their value over page changes; settings' fields from their declarations."""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from core.settings import Setting, Value


def choose(label: str, options: Iterable[str], *, key: str, labelled: bool = False) -> str:
    """Ask for exactly one of a few options, the first unless chosen otherwise."""
    offered = list(options)
    return st.segmented_control(
        label,
        offered,
        default=offered[0],
        required=True,
        format_func=lambda option: option[:1].upper() + option[1:],
        key=key,
        label_visibility="visible" if labelled else "collapsed",
        persist_state="session",
    )


def setting_field(
    declared: Setting, value: Value, *, key: str, prefix: str = "", width: int | None = None
) -> Value:
    """Show a setting as the widget its kind asks for, and return the value chosen.

    `value` is shown first; the choice survives reruns and page changes under `key`.
    """
    label = f"{prefix} {declared.label.lower()}" if prefix else declared.label
    common: dict[str, Any] = {"key": key, "help": declared.help, "persist_state": "session"}
    if declared.kind == "flag":
        return bool(st.toggle(label, bool(value), **common))
    common["width"] = width or "stretch"
    if declared.kind == "choice":
        first = declared.choices.index(str(value))
        return str(st.selectbox(label, declared.choices, first, **common))
    return _number_field(declared, value, label, common)


def _number_field(declared: Setting, value: Value, label: str, common: dict[str, Any]) -> Value:
    whole = declared.kind == "integer"
    number: Any = int if whole else float
    chosen = st.number_input(
        label,
        min_value=None if declared.minimum is None else number(declared.minimum),
        max_value=None if declared.maximum is None else number(declared.maximum),
        value=number(value),
        step=number(declared.step) if declared.step else (1 if whole else None),
        **common,
    )
    kept: Value = declared.default if chosen is None else number(chosen)
    return kept
