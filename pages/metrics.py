"""Metrics."""

import streamlit as st


def main() -> None:
    """Show the page."""
    st.title("Metrics", anchor=False)


main()
