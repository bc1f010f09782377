"""Runs."""

import streamlit as st


def main() -> None:
    """Show the page."""
    st.title("Runs", anchor=False)


main()
