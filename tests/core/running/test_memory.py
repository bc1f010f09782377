"""How much memory a run may hold, and what it is said to hold."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from bandweave.running import memory
from bandweave.running.memory import FOR_RUNS, GIB, LEAST_GIB, MIB, VARIABLE, allowed, held


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Stand in for a machine of 64 GiB; the file may state what a container gets of it."""
    total = psutil.virtual_memory()._replace(total=64 * GIB)
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: total)
    monkeypatch.setattr(memory, "CONTAINER", (str(tmp_path / "memory.max"),))
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path / "memory.max"


def test_runs_share_the_machine_or_what_its_container_gets(machine: Path):
    assert allowed(1) == FOR_RUNS * 64 * GIB
    assert allowed(4) == FOR_RUNS * 16 * GIB
    assert allowed(1000) == LEAST_GIB * GIB
    machine.write_text("max\n")
    assert allowed(4) == FOR_RUNS * 16 * GIB
    machine.write_text(f"{16 * GIB}\n")
    assert allowed(4) == FOR_RUNS * 4 * GIB


def test_what_the_environment_states_counts(machine: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, " 0.5 ")
    assert allowed(1) == allowed(8) == 0.5 * GIB


def test_pages_of_files_are_not_held(tmp_path: Path):
    process, size = psutil.Process(), 64 * MIB
    before = held(process)
    mapped = np.memmap(tmp_path / "scratch", np.uint8, "w+", shape=size)
    mapped[:] = 1
    assert held(process) - before < size / 4
    own = np.ones(size, np.uint8)
    assert held(process) - before > size * 3 / 4
    del mapped, own


def test_a_process_that_has_ended_holds_nothing():
    child = subprocess.Popen(["true"])
    process = psutil.Process(child.pid)
    child.wait()
    assert held(process) == 0


def test_the_peak_is_the_process_s_own_and_not_that_of_who_started_it():
    big = np.ones(300 * MIB, np.uint8)
    words = "from bandweave.running.memory import peak_mib; print(peak_mib())"
    found = subprocess.run([sys.executable, "-c", words], capture_output=True, check=True)
    assert 5 < float(found.stdout) < 200
    assert (memory.peak_mib() or 0) > 300
    del big


def test_other_errors_are_not_about_memory():
    assert memory.exhausted(ValueError("memory")) is None
    told = memory.exhausted(MemoryError())
    assert told is not None
    assert told.error.startswith("The machine had no more memory for the run.")
