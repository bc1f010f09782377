"""Compare."""

import streamlit as st


def main() -> None:
    """Show the page."""
    st.title("Compare", anchor=False)


main()
