"""A network drawn as blocks: as high as its layers' resolution, as wide as their channels.

The drawing is one inline SVG that scrolls sideways where there is no room. Its colours are the
page's variables (--accent, --muted, --line, --text, --card) where there are any, so that it is
readable on light and on dark.
"""

from html import escape
from itertools import pairwise

from bandweave.paper.printed.architectures import Layer, kernel, layers, network, parameters

SLOT, TALLEST, MARGIN = 104, 128, 10
"""Pixels: a layer's place along the drawing, the highest block, the room around."""
THINNEST, A_CHANNEL = 6, 1.5
"""Pixels: a block's width without channels, and for each of them."""
LINE_HEIGHT = 17
SMALLEST = 0.8
"""How far the drawing shrinks with the page; where there is less room it scrolls."""
TOP = 38
"""Pixels above the blocks, where the title stands."""
TEXT = "var(--text, currentColor)"
QUIET = "var(--muted, currentColor)"
ACCENT = "var(--accent, #2f7fc1)"
FILLS = {"input": "0.25", "conv": "0.85", "pool": "0.25", "up": "0.25"}
"""How opaque a block is: what has weights is full."""


def drawing(key: str) -> str:
    """Return a method of `NETWORKS` as HTML: an SVG with a title, in a box that scrolls.

    Streamlit shows it by `st.markdown(..., unsafe_allow_html=True)`; `st.html` strips every SVG.
    """
    method, chain = network(key), layers(key)
    width, height = 2 * MARGIN + SLOT * len(chain), TOP + TALLEST + 5 * LINE_HEIGHT
    title = f"{method.label}: {parameters(key):,} parameters a band"
    described = "; ".join(_in_words(layer) for layer in chain)
    name = f"network-{key}"
    parts = [
        f'<text x="{MARGIN}" y="{LINE_HEIGHT}" fill="{TEXT}" font-weight="600">'
        f"{escape(title)}</text>",
        *(_arrow(index, *pair) for index, pair in enumerate(pairwise(chain))),
        *(_block(index, layer, chain[0].rows) for index, layer in enumerate(chain)),
    ]
    return (
        f'<div role="region" aria-label="{escape(title)}" tabindex="0" '
        'style="overflow-x:auto;max-width:100%">'
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}-title '
        f'{name}-words" viewBox="0 0 {width} {height}" '
        f'style="display:block;width:100%;min-width:{SMALLEST * width:.0f}px;max-width:{width}px" '
        'font-family="inherit" font-size="13">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-words">{escape(described)}. Convolutions are {kernel()}.</desc>'
        f"{''.join(parts)}</svg></div>"
    )


def _in_words(layer: Layer) -> str:
    words = [layer.label, layer.activation, layer.shape]
    if layer.parameters:
        words.append(f"{layer.parameters:,} parameters")
    return ", ".join(filter(None, words))


def _centre(index: int) -> float:
    return MARGIN + SLOT * (index + 0.5)


def _wide(layer: Layer) -> float:
    return THINNEST + A_CHANNEL * layer.channels


def _block(index: int, layer: Layer, tallest: int) -> str:
    """Return a layer's block and its lines of text."""
    wide, high = _wide(layer), TALLEST * layer.rows / tallest
    left, top = _centre(index) - wide / 2, TOP + (TALLEST - high) / 2
    dashes = "" if layer.kind in ("conv", "input") else ' stroke-dasharray="4 3"'
    lines = [(layer.label, TEXT, ' font-weight="600"'), (layer.shape, TEXT, "")]
    if layer.parameters:
        lines.append((f"{layer.parameters:,} param.", TEXT, ""))
    if layer.kind == "input":
        lines.append(("band, VV/VH", QUIET, ""))
    if layer.activation:
        lines.append((layer.activation, QUIET, ""))
    return (
        f'<rect x="{left:g}" y="{top:g}" width="{wide:g}" height="{high:g}" rx="2" '
        f'fill="{ACCENT}" fill-opacity="{FILLS[layer.kind]}" stroke="{ACCENT}" '
        f'stroke-width="1.5"{dashes}/>'
        + "".join(
            f'<text x="{_centre(index):g}" y="{TOP + TALLEST + LINE_HEIGHT * (number + 1.3):g}" '
            f'text-anchor="middle" fill="{colour}"{weight}>{escape(text)}</text>'
            for number, (text, colour, weight) in enumerate(lines)
        )
    )


def _arrow(index: int, before: Layer, after: Layer) -> str:
    """Return the arrow from one block to the next."""
    start, end = _centre(index) + _wide(before) / 2 + 5, _centre(index + 1) - _wide(after) / 2 - 5
    middle = TOP + TALLEST / 2
    return (
        f'<path d="M{start:g} {middle:g}H{end:g}m-5 -4l5 4l-5 4" fill="none" '
        f'stroke="{QUIET}" stroke-width="1.2"/>'
    )
