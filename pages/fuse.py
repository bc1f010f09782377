"""Fuse."""

import streamlit as st


def main() -> None:
    """Show the page."""
    st.title("Fuse", anchor=False)


main()
