"""The README's tables and commands are those of the registries and the command line."""

import re
from pathlib import Path

from bandweave.__main__ import main, parser
from bandweave.commands.registries import BEGIN, END, markdown
from bandweave.methods import METHODS
from bandweave.metrics import METRICS
from bandweave.sources import SOURCES
from bandweave.tasks import TASKS

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()


def test_the_tables_are_those_of_the_registries():
    _, begin, rest = README.partition(BEGIN)
    tables, end, _ = rest.partition(END)
    assert begin and end
    assert tables.strip() == markdown(), "run: bandweave readme README.md"
    for registry in (METHODS, TASKS, METRICS, SOURCES):
        assert all(f"| `{key}` |" in tables for key in registry)


def test_a_readme_without_a_place_for_tables_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "README.md"
    path.write_text("Nothing")
    assert main(["readme", str(path)]) == 1
    assert path.read_text() == "Nothing"
    path.write_text(f"Before {BEGIN} old {END} after")
    assert main(["readme", str(path)]) == 0
    assert path.read_text() == f"Before {BEGIN}\n{markdown()}\n{END} after"


def test_every_shown_command_parses():
    shown = re.findall(r"^bandweave (.+)$", README, flags=re.M)
    assert len(shown) >= 6
    for words in shown:
        plain = re.findall(r'"[^"]*"|\S+', words)
        parser().parse_args([word.strip('"') for word in plain])


def test_every_option_named_exists():
    options = set(re.findall(r"`(--[a-z-]+)`", README)) - {"--json"}
    assert options
    commands = (
        *(("scene", "create"), ("fuse",), ("workspace", "export"), ("doctor",)),
        ("sweep", "start"),
    )
    assert options <= set().union(*(_options(parser(), *words) for words in commands))


def _options(top, *path: str) -> set[str]:
    for name in path:
        action = next(each for each in top._actions if each.choices and name in each.choices)
        top = action.choices[name]
    return {option for action in top._actions for option in action.option_strings}
