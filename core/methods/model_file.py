"""How fusers keep what they learned: `fuser.json` in the model folder."""

import json
from pathlib import Path
from typing import Any

from bandweave.errors import MethodError

FILE = "fuser.json"


def save_fitted(folder: Path, learned: dict[str, Any]) -> None:
    """Write what a fuser learned."""
    (folder / FILE).write_text(json.dumps(learned, indent=1))


def load_fitted(folder: Path) -> dict[str, Any]:
    """Read what `save_fitted` wrote."""
    path = folder / FILE
    if not path.is_file():
        raise MethodError(f"There is no fitted model in {folder.name}.", "Run the method first.")
    learned: dict[str, Any] = json.loads(path.read_text())
    return learned
