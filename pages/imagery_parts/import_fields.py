"""The fields that correct what uploaded files are taken as, from the sources' declarations."""

import datetime
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bandweave.errors import SceneError
from bandweave.prepare.qa_kinds import PROBABILITIES
from bandweave.raster.scene import RATIO_BAND
from bandweave.settings import Setting
from bandweave.sources.bands import NAMES
from bandweave.sources.files import FilesSource
from bandweave.sources.inspection import FileBand
from bandweave.sources.outside import band_places
from pages.imagery_parts.intake import (
    CHOICES,
    EARLIER_OPTICAL,
    EARLIER_RADAR,
    OPTICAL,
    OWN_SCALE,
    QUALITY,
    RADAR,
    Answers,
    Item,
    corrected,
)
from pages.shared.evidence import KIND_NAMES, UNIT_NAMES
from pages.shared.forms import setting_field
from pages.shared.images.stretches import VISIBLE
from pages.shared.names import said

_LEFT_OUT = ""
MOST_FIELDS = 64
"""Bands that are asked the names of; a form of hundreds would not answer any more."""
DECLARED: dict[str, Setting] = {each.name: each for each in FilesSource.settings()}


def of(items: Sequence[Item], roles: Mapping[str, str], role: str) -> list[Item]:
    """Return the files taken as one role."""
    return [item for item in items if roles[item.name] == role]


def answered(
    items: Sequence[Item], roles: Mapping[str, str], prefix: str
) -> tuple[Answers, dict[str, DeltaGenerator]]:
    """Show what can be corrected of each kind of image, and return what was said.

    `prefix` begins the fields' keys; another set of files has another one. With the answers come
    places, a layer each, for a look at what they make.
    """
    looks = {}
    said: dict[str, Any] = {"roles": roles}
    with st.container(border=True, key="card-optical"):
        st.subheader("Optical", anchor=False)
        looks["optical"] = st.container()
        own = of(items, roles, OPTICAL)
        places = band_places([item.path for item in own])
        said["optical_names"] = corrected(_names(places, NAMES, prefix), places)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            said |= _scaling(own, prefix)
            said |= _fill_and_date("optical", own, prefix)
        _numbers_table(own + of(items, roles, EARLIER_OPTICAL))
    with st.container(border=True, key="card-radar"):
        st.subheader("Radar", anchor=False)
        looks["radar"] = st.container()
        own = of(items, roles, RADAR)
        places = band_places([item.path for item in own], radar=True)
        chosen = _names(places, ("VV", "VH", RATIO_BAND), prefix)
        said["radar_names"] = corrected(chosen, places)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            said["radar_unit"] = _choice("radar_unit", own, UNIT_NAMES, prefix)
            if said["radar_unit"]:
                said["radar_scale"] = st.number_input(
                    "Scale to it",
                    min_value=0.0,
                    value=None,
                    placeholder="Told",
                    key=f"{prefix}-radar-scale",
                    help="From stored numbers to the unit: 0.1 for dB x 10.",
                    format="%.7g",
                    width=150,
                    persist_state="session",
                )
            said |= _fill_and_date("radar", own, prefix)
        _numbers_table(own + of(items, roles, EARLIER_RADAR))
    if quality := of(items, roles, QUALITY):
        with st.container(border=True, key="card-quality"):
            st.subheader("Quality band", anchor=False)
            looks["quality band"] = st.container()
            with st.container(horizontal=True, vertical_alignment="bottom"):
                said |= _quality(quality[0], prefix)
    return Answers(**said), looks


def _names(places: Sequence[FileBand], known: Sequence[str], prefix: str) -> list[str]:
    """Ask for the name of each band, shown with the one it is taken to have."""
    if len(places) > MOST_FIELDS:
        raise SceneError(
            f"{places[0].file} has {len(places)} bands: too many to be named here one by one.",
            "Export those you need, or name them on the command line with scene create.",
        )
    several = len({place.file for place in places}) > 1
    keys = [f"{prefix}-name-{place.file}-{place.band}-{place.name}" for place in places]
    names = [place.name for place in places]
    if set(VISIBLE) < set(names):
        with st.container(horizontal=True):
            for label, wanted in (("Red, green and blue only", VISIBLE), ("All bands", names)):
                st.button(label, on_click=_keep, args=(keys, names, wanted))
    names = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for key, place in zip(keys, places, strict=True):
            st.session_state.setdefault(key, place.name)
            shown = st.session_state[key]
            options = dict.fromkeys((_LEFT_OUT, *known, place.name, shown))
            name = st.selectbox(
                said(f"{place.file} {place.band}" if several else place.band),
                list(options),
                format_func=lambda name: name or "Left out",
                key=key,
                accept_new_options=True,
                width=240 if several else 130,
                persist_state="session",
            )
            names.append(name or "")
    return names


def _keep(keys: Sequence[str], names: Sequence[str], wanted: Sequence[str]) -> None:
    for key, name in zip(keys, names, strict=True):
        st.session_state[key] = name if name in wanted else _LEFT_OUT


def _scaling(own: Sequence[Item], prefix: str) -> dict[str, Any]:
    """Ask how stored numbers become reflectance, and how fine the sensor saw."""
    said: dict[str, Any] = {"product": _choice("optical_product", own, CHOICES, prefix, 360)}
    if said["product"] == OWN_SCALE:
        for name, label, first in (("scale", "Scale", 0.0001), ("offset", "Offset", 0.0)):
            key = f"{prefix}-{name}"
            st.session_state.setdefault(key, first)
            said[name] = st.number_input(
                label, key=key, format="%.7g", step=None, width=130, persist_state="session"
            )
    native = max(item.facts["native_resolution"] for item in own if item.facts)
    said["native"] = st.number_input(
        "Native resolution (m)",
        min_value=0.1,
        value=None,
        placeholder=f"From the file: {native:g}",
        key=f"{prefix}-native",
        help="Metres between the sensor's independent samples.",
        width=180,
        persist_state="session",
    )
    return said


def _fill_and_date(layer: str, own: Sequence[Item], prefix: str) -> dict[str, str]:
    """Ask which stored numbers are no data, and when the image was taken."""
    fill = st.text_input(
        "No data",
        key=f"{prefix}-{layer}-fill",
        placeholder="Told",
        help="Stored numbers that are no data, such as 0, 255. Where given, only those are.",
        width=130,
        persist_state="session",
    )
    taken = st.date_input(
        "Date",
        value=None,
        min_value=datetime.date(1972, 7, 23),
        key=f"{prefix}-{layer}-date",
        help=f"From the file: {min((item.date for item in own if item.date), default='none')}.",
        format="YYYY-MM-DD",
        width=150,
        persist_state="session",
    )
    return {
        f"{layer}_fill": fill or "",
        f"{layer}_date": taken.isoformat() if isinstance(taken, datetime.date) else "",
    }


def _quality(item: Item, prefix: str) -> dict[str, Any]:
    """Ask which band codes quality, where there are several, and how."""
    said: dict[str, Any] = {}
    bands = item.facts["bands"] if item.facts else []
    if len(bands) > 1:
        said["qa_band"] = st.selectbox(
            "Band",
            ("", *bands),
            format_func=lambda band: band or "From the file",
            key=f"{prefix}-qa_band-{item.name}",
            width=240,
            persist_state="session",
        )
    told = [item] if item.guess["role"] == QUALITY else []
    said["qa_kind"] = _choice("qa_kind", told, KIND_NAMES, prefix, width=360)
    if {said["qa_kind"], *(each.guess["what"] for each in told)} & set(PROBABILITIES):
        declared = DECLARED["qa_probability"]
        key = f"{prefix}-qa_probability"
        said["qa_probability"] = setting_field(declared, declared.default, key=key, width=180)
    return said


def _choice(
    setting: str, own: Sequence[Item], names: dict[str, str], prefix: str, width: int = 240
) -> str:
    """Ask for one of a setting's choices; the first is what the files are taken to be."""
    declared = DECLARED[setting]
    what = next((item.guess["what"] for item in own if item.guess["what"]), "")
    unstated = f"From the file: {names.get(what, what)}" if what else "Not known: state it"
    choices = declared.choices + ((OWN_SCALE,) if setting == "optical_product" else ())
    chosen: str = st.selectbox(
        declared.label,
        choices,
        format_func=lambda choice: names.get(choice, choice) if choice else unstated,
        key=f"{prefix}-{setting}",
        help=declared.help,
        width=width,
        persist_state="session",
    )
    return chosen


def _numbers_table(items: Sequence[Item]) -> None:
    """Show the stored numbers of every band, folded."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(item.name)} {escape(band)}</th>"
        + "".join(f"<td>{_number(found[cut])}</td>" for cut in ("p1", "p50", "p99"))
        + f"<td>{found['no_data']:.1%}</td></tr>"
        for item in items
        if item.facts
        for band, found in item.facts["numbers"].items()
    )
    with st.expander("Stored numbers", icon=":material/pin:"):
        st.html(
            "<div class='scores' tabindex='0'><table><thead><tr><th scope='col'>Band</th>"
            "<th scope='col'>1 % below</th><th scope='col'>Half below</th>"
            "<th scope='col'>99 % below</th><th scope='col'>No data</th></tr></thead>"
            f"<tbody>{rows}</tbody></table></div>"
        )


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.4g}".replace("-", "−")
