"""Names, notes and messages as text: what a user wrote is never Markdown on somebody's screen."""

import re
from html import escape
from unicodedata import category

_MARKS = re.compile(r"([\\`*\[\]<>&~$|{}]|(?<![^\W_])_|_(?![^\W_]))")
"""What Markdown, Streamlit's colours or formulas begin with, anywhere in a line."""
_BEGINNING = re.compile(r"^(\d*)([-+#=.)])")
"""What makes a line a heading, an item or a rule."""
_JOINED = re.compile(
    r"(?<=:)(?=[^\s\d]|\d+:)|(?<=@)(?=\S)|(?<=[-<>~])(?=[->=])|(?<=ww)(?=w\.)", re.IGNORECASE
)
"""Where a text could be an icon or `:smile:`, an arrow or a dash, an address."""
_JOINER = "\N{WORD JOINER}"
"""Has no width and breaks no line. A backslash would not do: Streamlit looks for these in what is
left when the backslashes are gone."""


def said(text: object) -> str:
    r"""Return a text so that Markdown shows it letter by letter, in one line.

    Every text that is not the product's own goes through here on its way to an element that takes
    Markdown: all but `st.html`, whose texts `html.escape` makes safe, tables and choices in lists.

    >>> said("*a*  [b](c), 2.5 m")
    '\\*a\\* \\[b\\](c), 2.5 m'
    """
    line = _line(str(text))
    marked = _MARKS.sub(r"\\\1", _JOINED.sub(_JOINER, line))
    return _BEGINNING.sub(r"\1\\\2", marked)


def charted(text: str) -> str:
    """Return a text so that a Plotly chart, which reads some HTML, shows it letter by letter.

    >>> charted("<b>a</b> %{x}")
    '&lt;b&gt;a&lt;/b&gt; &#37;{x}'
    """
    return escape(_line(text), quote=False).replace("%{", "&#37;{")


def _line(text: str) -> str:
    return " ".join("".join(map(_visible, text)).split())


def _visible(letter: str) -> str:
    """Return a letter, a space for what controls a screen, nothing for what turns lines round."""
    if category(letter) in ("Cc", "Zl", "Zp", "Cs"):
        return " "
    return "" if "\u202a" <= letter <= "\u202e" or "\u2066" <= letter <= "\u2069" else letter
