"""The README's tables and commands are those of the registries and the command line."""

import re
from pathlib import Path

from bandweave.__main__ import parser
from bandweave.methods import METHODS
from bandweave.tasks import TASKS

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()


def test_every_method_is_listed_as_it_is():
    for key, method in METHODS.items():
        weights = method().parameters()
        cell = f" {weights:,} " if weights else " "
        assert f"| `{key}` | {method.label} | {method.family} |{cell}|" in README
    for family in {method.family for method in METHODS.values()}:
        assert f"`{family}`" in README


def test_every_task_is_listed_as_it_is():
    for key, task in TASKS.items():
        assert f"| `{key}` | {task.label} | {task.description} |" in README


def test_every_shown_command_parses():
    shown = re.findall(r"^bandweave (.+)$", README, flags=re.M)
    assert len(shown) >= 6
    for words in shown:
        plain = re.findall(r'"[^"]*"|\S+', words)
        parser().parse_args([word.strip('"') for word in plain])


def test_every_option_named_exists():
    options = set(re.findall(r"`(--[a-z-]+)`", README)) - {"--json"}
    assert options
    create, fuse = (
        _options(parser(), "scene", "create"),
        _options(parser(), "fuse"),
    )
    assert options <= create | fuse


def _options(top, *path: str) -> set[str]:
    for name in path:
        action = next(each for each in top._actions if each.choices and name in each.choices)
        top = action.choices[name]
    return {option for action in top._actions for option in action.option_strings}
