"""A page that says one hostile name after the other in every element that takes Markdown."""

from pathlib import Path

import streamlit as st

from pages.shared.names import said
from pages.shared.serving.routes import routes
from pages.shared.serving.start import guard

ELSEWHERE = "http://127.0.0.1:9"
NAMES = (
    f"![image]({ELSEWHERE}/x.png) [link]({ELSEWHERE}/y) [a][b] [^1] [x]: {ELSEWHERE}",
    f"<img src={ELSEWHERE}/z> <b>bold</b> <!-- note --> &amp; &lt; <{ELSEWHERE}>",
    f"{ELSEWHERE}/a https://evil.example HTTPS://EVIL.example, (https://c.example) //d.example",
    "www.evil.example WWW.EVIL.example _www.evil.example_ xwww.evil.example w.www.evil.example",
    "a@evil.example mailto:b@evil.example xmpp:c@evil.example @user #123 q@www.evil.example",
    ":smile: :+1: :100: :-) 8-) <3 :D :material/home: :streamlit: :red[x] :blue-badge[y] ::a{b}",
    "$x^2$ $$y$$ \\(z\\) \\[a\\](b) `code` ``c`` ~~gone~~ ~sub~ **b** *i* __b__ _i_ a_b_c __init__",
    "-- a -> b <- c <-> d >= e <= f ~= g --- | a | b |",
    *(
        "# head",
        "- item",
        "+ item",
        "* item",
        "1. item",
        "2) item",
        "> quote",
        "---",
        "===",
        "```js",
    ),
    *("    code", "[ ] task", "![", "\\", "2.5 m, 12:30 (S2_L2A) +5% 2024-01-02", "Hồ Chí Minh"),
    f"two\n\n![lines]({ELSEWHERE}/n.png)\r\n# head\u2028- item\x00",
)


def elements(name: str, key: str) -> None:
    """Say a name in every kind of element."""
    text = said(name)
    for say in (st.markdown, st.caption, st.error):
        say(text)
    st.subheader(text, anchor=False)
    st.markdown(f":red[{text}] **{text}**")
    st.checkbox(text, key=f"{key}-checkbox")
    st.button(text, key=f"{key}-button")
    st.segmented_control(text, [name], format_func=said, key=f"{key}-few")
    st.progress(0.5, text)
    st.page_link("https://ours.example", label=text)
    st.expander(text)


if __name__ == "__main__":
    for number, name in enumerate(NAMES):
        with st.container(key=f"name-{number}"):
            elements(name, f"name-{number}")
else:
    app = st.App(Path(__file__), routes=routes(), middleware=[guard()])
