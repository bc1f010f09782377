"""Imagery."""

import streamlit as st


def main() -> None:
    """Show the page."""
    st.title("Imagery", anchor=False)


main()
