"""The form that makes a scene of uploaded files: what each is, what they make, and the import."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bandweave.errors import BandweaveError
from bandweave.sources.archives import LeftOut
from bandweave.sources.confined.caller import alone, unsafe
from bandweave.workspace import scene_library
from pages.imagery_parts.import_fields import DECLARED, answered, of
from pages.imagery_parts.intake import (
    NOTHING,
    OPTICAL,
    ROLES,
    Answers,
    Item,
    examine,
    missing,
    source,
    suggested_roles,
)
from pages.imagery_parts.outlook import outlook
from pages.imagery_parts.uploads import Uploads, uploads
from pages.shared import notices
from pages.shared.forms import setting_field
from pages.shared.names import said


def importing() -> scene_library.Entry | None:
    """Show the form; return the scene once it is imported."""
    kept = uploads()
    if reason := unsafe():
        st.warning(f"Open only files that you trust: {said(reason)}.", icon=":material/warning:")
    with st.container(border=True, key="card-files"):
        items = _uploaded(kept)
        roles = _roles(items, kept)
    if not items:
        return None
    incomplete = missing(items, roles)
    if incomplete:
        st.info(said(incomplete), icon=":material/info:")
        return None
    try:
        answers, looks = answered(items, roles, kept.key)
    except BandweaveError as error:
        notices.problem(error)
        return None
    with st.container(border=True, key="card-import"):
        return _finish(items, answers, kept, looks)


def _uploaded(kept: Uploads) -> list[Item]:
    """Take what was uploaded since, and return all files with what they are suggested to be."""
    sent = st.file_uploader(
        "An optical image and Sentinel-1 radar of one place: GeoTIFFs, or products as downloaded",
        accept_multiple_files=True,
        key=f"upload-{kept.round}",
        help="One file with several bands, or one file a band; JPEG 2000, netCDF and ENVI (with "
        "its .hdr) too. Sentinel-2's .SAFE.zip, Landsat's .tar, HyP3's .zip and a zip of SNAP's "
        ".dim and .data are unpacked. A cloud quality band and an earlier date are welcome, and so "
        "are Landsat's MTL.txt and Sentinel-2's MTD_MSI xml.",
    )
    if alone():
        field = f"{kept.key}-path"
        st.text_input(
            "Or a path on this computer",
            key=field,
            placeholder="/home/me/S2A_MSIL2A_20180616T031541.SAFE.zip",
            help="A file, an archive or a folder. Files are used where they are, and not copied.",
            on_change=_use,
            args=(kept, field),
        )
    if sent:
        try:
            with st.spinner("Reading the files"):
                kept.take(sent)
        except BandweaveError as error:
            st.session_state["upload-problem"] = error
        st.rerun()
    if problem := st.session_state.pop("upload-problem", None):
        notices.problem(problem)
    known: dict[Any, Item] = st.session_state.setdefault("import-items", {})
    beside = tuple(path.name for path in kept.side_files)
    keys = [(path, path.stat().st_mtime_ns, beside) for path in kept.files]
    st.session_state["import-items"] = {key: known.get(key) or examine(key[0]) for key in keys}
    return list(st.session_state["import-items"].values())


def _use(kept: Uploads, field: str) -> None:
    """Take what was typed as a path; what cannot be taken stays typed."""
    if not (path := st.session_state[field]):
        return
    try:
        kept.use(path)
        st.session_state[field] = ""
    except BandweaveError as error:
        st.session_state["upload-problem"] = error


def _roles(items: Sequence[Item], kept: Uploads) -> dict[str, str]:
    """Show every file with what it is taken as; return the roles as suggested or corrected."""
    suggested = suggested_roles(items)
    roles = {}
    for item in items:
        with st.container(horizontal=True, vertical_alignment="center", key=f"file-{item.name}"):
            st.html(_described(item), width="stretch")
            if item.error is None:
                key = f"{kept.key}-role-{item.name}-{suggested[item.name]}"
                st.session_state.setdefault(key, suggested[item.name])
                roles[item.name] = st.selectbox(
                    f"What {said(item.name)} is",
                    list(ROLES),
                    format_func=ROLES.__getitem__,
                    key=key,
                    label_visibility="collapsed",
                    width=190,
                    persist_state="session",
                )
            else:
                roles[item.name] = NOTHING
            st.button(
                "Remove",
                icon=":material/close:",
                key=f"remove-{item.name}",
                help=f"Remove {said(item.name)}",
                type="tertiary",
                on_click=kept.remove,
                args=(item.name,),
            )
        if item.error:
            notices.problem(item.error)
    if kept.side_files:
        st.caption(f"Read along: {said(', '.join(path.name for path in kept.side_files))}")
    if kept.left_out:
        with st.expander(f"Left out: {len(kept.left_out)}", icon=":material/block:"):
            st.html("".join(f"<p>{_left_out(each)}</p>" for each in kept.left_out))
    return roles


def _left_out(each: LeftOut) -> str:
    return escape(f"{each.archive}: {each.name} ({each.why})")


def _described(item: Item) -> str:
    """Return a file's name and what is known of it, as HTML."""
    lines = f"<b>{escape(item.name)}</b>"
    if item.facts:
        facts = item.facts
        count = len(facts["bands"])
        parts = [
            f"{count} band{'s' if count > 1 else ''}",
            f"{facts['width']} × {facts['height']} pixels of {facts['resolution']:.3g} m",
            facts["crs"],
            item.date or "no date",
        ]
        if round(facts["native_resolution"]) > round(facts["resolution"]):
            parts.append(f"measured at {facts['native_resolution']:.3g} m")
        lines += (
            f"<small>{escape(' · '.join(parts))}</small><small>{escape(item.summary())}</small>"
        )
    return f"<div class='file'>{lines}</div>"


def _finish(
    items: Sequence[Item], answers: Answers, kept: Uploads, looks: Mapping[str, DeltaGenerator]
) -> scene_library.Entry | None:
    """Say what will be made, and make it when asked to."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = f"{kept.key}-scene-name"
        st.session_state.setdefault(key, of(items, answers.roles, OPTICAL)[0].path.stem)
        name = st.text_input("Name", key=key, max_chars=80, width=320, persist_state="session")
        declared = DECLARED["resolution"]
        fine = setting_field(declared, declared.default, key=f"{kept.key}-resolution", width=150)
        place = st.container(width="content")
    try:
        wanted = source(items, Answers(**{**vars(answers), "resolution": float(fine)}))
        outlook(wanted, looks, kept.key)
    except BandweaveError as error:
        notices.problem(error)
        place.button("Import", type="primary", icon=":material/download_done:", disabled=True)
        return None
    asked = place.button("Import", type="primary", icon=":material/download_done:")
    if not asked:
        return None
    try:
        with st.spinner("Importing", show_time=True):
            entry = scene_library.add(wanted, name)
    except BandweaveError as error:
        notices.problem(error)
        return None
    kept.clear()
    return entry
