"""A process of its own session gives way to others, whichever way the system shares."""

import subprocess
import sys

import pytest

from bandweave.storage.processes import AUTOGROUP

GIVING_WAY = """
import os, pathlib
from bandweave.storage.processes import AUTOGROUP, give_way
give_way(7)
print(os.nice(0), AUTOGROUP.read_text().split()[-1])
"""


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="only Linux with autogroups shares by session")
def test_a_session_gives_way_as_its_process_does():
    done = subprocess.run(
        [sys.executable, "-c", GIVING_WAY],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    )
    assert done.stdout.split() == ["7", "7"]
