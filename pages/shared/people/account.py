"""What people see of signing in: the page that asks, their name and the way out, and sharing."""

from pathlib import Path

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.workspace import owners
from pages.shared.names import said
from pages.shared.people.identity import providers


def signed_in() -> bool:
    """Whether the page may be shown: somebody has signed in, or nobody has to."""
    return owners.viewer() != owners.NOBODY


def sign_in() -> None:
    """Ask who it is, with a button for each provider."""
    with st.container(horizontal_alignment="center", key="sign-in"):
        st.title("Bandweave", anchor=False, width="content")
        if st.user.get("is_logged_in"):
            st.write("The identity provider does not say who you are.")
            st.button("Sign out", on_click=st.logout)
            return
        st.caption("Sign in to fuse radar and optical imagery.", width="content")
        for provider in providers():
            default = provider == "default"
            st.button(
                "Sign in" if default else f"Sign in with {said(provider)}",
                key=f"sign-in-{provider}",
                type="primary",
                icon=":material/login:",
                on_click=st.login,
                args=() if default else (provider,),
            )


def signature() -> None:
    """Say in the sidebar who is signed in, and offer to sign out; nothing where nobody is."""
    if not owners.enforced() or not signed_in():
        return
    me = owners.viewer()
    with st.sidebar.container(key="account"):
        st.text(f"{me.name} (administrator)" if me.admin else me.name)
        st.button("Sign out", icon=":material/logout:", type="tertiary", on_click=st.logout)


def sharing(folder: Path, *, key: str) -> None:
    """Let a scene's or a run's owner share it; say whose it is where it is another's."""
    if not owners.enforced():
        return
    owner = owners.owner_of(folder)
    if by := owners.said(folder):
        st.text(f"{'Shared by' if owner.shared else 'Belongs to'} {by}", width="content")
    if not owners.may_change(folder) or owner.id == owners.EVERYBODY.id:
        return
    field = f"share-{key}"
    # another window may have changed it
    st.session_state[field] = owner.shared
    st.toggle(
        "Share with everyone here",
        key=field,
        on_change=_share,
        args=(folder, field),
        width="content",
    )


def _share(folder: Path, field: str) -> None:
    try:
        owners.share(folder, st.session_state[field])
    except (BandweaveError, OSError):  # deleted meanwhile, or no longer this person's
        return
