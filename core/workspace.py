"""Where the product keeps what users made: scenes, runs and studies, never inside the checkout."""

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """Return the workspace: `BANDWEAVE_HOME`, else the platform's user data folder."""
    stated = os.environ.get("BANDWEAVE_HOME")
    return Path(stated).expanduser() if stated else Path(platformdirs.user_data_dir("bandweave"))


def scenes() -> Path:
    """Return the folder of scenes, one subfolder each."""
    return home() / "scenes"


def runs() -> Path:
    """Return the folder of runs, one subfolder each."""
    return home() / "runs"


def studies() -> Path:
    """Return the folder of studies, one subfolder each."""
    return home() / "studies"
