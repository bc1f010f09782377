"""Whatever pages hand to an element that takes Markdown is the product's own words, or `said`."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAYING = {
    *("markdown", "caption", "write", "error", "warning", "info", "success", "toast", "badge"),
    *("title", "header", "subheader", "button", "checkbox", "toggle", "expander", "popover"),
    *("page_link", "progress", "metric", "tabs", "spinner", "download_button", "selectbox"),
    *("multiselect", "text_input", "text_area", "number_input", "slider", "file_uploader"),
    *("segmented_control", "pills", "radio", "status", "link_button", "form_submit_button"),
}
"""Streamlit's elements whose first argument, label or help is Markdown."""
BESIDE = ("label", "help", "body", "text", "placeholder")
OWN = {
    "compare": ("title",),
    "compare_parts/arrangement": ("side",),
    "compare_parts/profile_chart": ("label",),
    "fuse": ("label", "summary(asked, len(seeds) * sum((each.seconds for _, each in sound)))"),
    "fuse_parts/fusion_form": ("task.description", "descriptions[agreed]", "explained"),
    "fuse_parts/method_cards": ("made.label", "method.label", "method.summary", "heading", "label"),
    "home": ("CALM[task]", "words"),
    "home_parts/latest": ("TASKS[request.task].label",),
    "imagery_parts/area": ("words", "label"),
    "imagery_parts/import_fields": ("declared.label", "declared.help", "label"),
    "methods": ("SIGNS", "shelf"),
    "metrics": ("label", "title"),
    "paper": ("PAPER", "found[key].heading", "made.tables[key].heading", "label"),
    "shared/running/run_facts": ("state",),
    "shared/scores/downloads": ("label",),
    "paper_parts/audit_view": (
        "grade",
        "method.epochs",
        "method.patch",
        "method.loss.upper()",
        "method.architecture.halo",
        "PROTOCOL",
        "meaning",
        "method.label",
        "drawing(key)",
        "flag.title",
    ),
    "paper_parts/figures": ("made.tables['seams'].heading",),
    "paper_parts/reproduction": ("words",),
    "runs": ("label",),
    "shared/current": ("label",),
    "shared/forms": ("label",),
    "shared/frame": ("VERSION",),
    "shared/notices": ("SIMULATED",),
    "shared/running/progress": ("MOST_BARS", "share"),
}
"""By page, what is said there that no user has written: the product's own words, made there, and
those of its registries."""
FINE = ("said", "len", "looks")
"""Functions whose result needs nothing more."""
ELEMENTS = ("st", "st.sidebar", "place")


def parts(node: ast.expr) -> Iterator[ast.expr]:
    """Yield what a text is put together from, without what is fixed, counted or said."""
    if isinstance(node, ast.JoinedStr):
        for each in node.values:
            if isinstance(each, ast.FormattedValue) and each.format_spec is None:
                yield from parts(each.value)
    elif isinstance(node, ast.IfExp):
        yield from parts(node.body)
        yield from parts(node.orelse)
    elif isinstance(node, ast.BinOp):
        yield from parts(node.left)
        yield from parts(node.right)
    elif isinstance(node, ast.Call) and ast.unparse(node.func) in FINE:
        return
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".capitalize", ".lower")):
        yield from parts(node.func.value)
    elif not isinstance(node, ast.Constant):
        yield node


def unsaid(path: Path) -> Iterator[str]:
    """Yield what a page says without having it said as text."""
    page = path.relative_to(ROOT / "pages").with_suffix("").as_posix()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr not in SAYING or ast.unparse(node.func.value) not in ELEMENTS:
            continue
        texts = [*node.args[:1], *(each.value for each in node.keywords if each.arg in BESIDE)]
        for text in texts:
            for part in parts(text):
                if ast.unparse(part) not in OWN.get(page, ()):
                    yield f"{page}, line {part.lineno}: {ast.unparse(part)}"


def test_what_is_not_our_own_is_said_as_text():
    found = [each for path in sorted(ROOT.glob("pages/**/*.py")) for each in unsaid(path)]
    assert not found, "\n".join(["These need said(), or a place in OWN:", *found])
