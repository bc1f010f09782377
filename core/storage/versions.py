"""The versions of what is stored, and how older ones are read: declared here and nowhere else.

A stored file says its version; one that says none is of the first. Whoever changes what a file
holds in a way that its readers would not understand adds a migration to its format.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bandweave.errors import NewerError
from bandweave.storage.json_file import read_json

KEY = "version"
Stored = dict[str, Any]
Migration = Callable[[Stored], Stored]


@dataclass(frozen=True)
class Format:
    """A stored JSON object of some file name."""

    file: str
    migrations: tuple[Migration, ...] = ()
    """What leads from each version to the next, from the first on."""

    @property
    def version(self) -> int:
        """The version that is written."""
        return len(self.migrations) + 1

    def stamped(self, content: Mapping[str, Any]) -> Stored:
        """Return what is written: the content and its version."""
        return {**content, KEY: self.version}

    def current(self, stored: object, of: str) -> Stored:
        """Return what a file of `of` says in the present version.

        ValueError where it is no object with a version, `NewerError` where that is not known yet.
        """
        if not isinstance(stored, dict):
            raise ValueError("it holds no names with values")
        version = stored.get(KEY, 1)
        if type(version) is not int or version < 1:
            raise ValueError(f"its version cannot be {str(version)[:20]}")
        if version > self.version:
            raise NewerError(
                f"The {self.file} of {of} was made by a newer version of Bandweave: update it.",
                f"It has version {version}; this Bandweave reads up to {self.version}.",
            )
        for migrate in self.migrations[version - 1 :]:
            stored = migrate(stored)
        return stored

    def read(self, folder: Path) -> Stored | None:
        """Return what the file in a folder says, None where there is none; else as `current`."""
        stored = read_json(folder / self.file)
        return None if stored is None else self.current(stored, folder.name)


def _decided(scene: Stored) -> Stored:
    """Version 2 says of each decision on which layer, and from what; before, there were guesses."""
    facts = scene.get("facts")
    if not isinstance(facts, dict) or not isinstance(facts.get("guesses"), list):
        return scene
    kept = {name: value for name, value in facts.items() if name != "guesses"}
    evidence = [_decision(each) for each in facts["guesses"]]
    return {**scene, "facts": {**kept, "evidence": evidence}}


def _decision(guess: object) -> object:
    if not isinstance(guess, dict):
        return guess
    layer, _, what = str(guess.get("what", "")).rpartition(" ")
    return {**guess, "layer": layer, "what": what, "basis": "numbers", "sure": True}


WORKSPACE = Format("workspace.json")
SCENE = Format("scene.json", (_decided,))
REQUEST = Format("request.json")
RESULT = Format("result.json")
STUDY = Format("study.json")
FITTED = Format("fitted.json")
