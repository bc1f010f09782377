"""A process of its own session gives way to others, whichever way the system shares."""

import subprocess
import sys

import pytest

from bandweave.storage import processes
from bandweave.storage.processes import AUTOGROUP, TRIES

GIVING_WAY = """
import os
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


@pytest.mark.parametrize(
    ("refusal", "asked"), [(BlockingIOError(), 3), (PermissionError(), 1), (None, 1)]
)
def test_a_session_that_others_were_before_is_asked_for_again(monkeypatch, refusal, asked):
    said = []

    class Group:
        def write_text(self, text):
            said.append(text)
            if refusal and len(said) < 3:
                raise refusal

    monkeypatch.setattr(processes, "AUTOGROUP", Group())
    monkeypatch.setattr("time.sleep", lambda _: None)
    processes.give_way(0)
    assert said == ["0"] * asked and asked < TRIES
