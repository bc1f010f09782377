"""A seeded sample of what the harnesses of benchmarks/ try by the ten thousand."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bandweave.errors import BandweaveError
from benchmarks import (
    fuzz_driver,
    fuzz_json,
    fuzz_queries,
    fuzz_settings,
    fuzz_tiffs,
    gap_fill,
)
from benchmarks.fuzz_driver import Failure, failures

ROOT = Path(__file__).parents[1]


def test_damaged_stored_files_stop_nobody():
    assert fuzz_json.fuzzed(40, 0) == []


def test_odd_settings_are_taken_or_refused():
    assert failures(fuzz_settings.attempt, 1500) == []


def test_pages_are_shown_whatever_their_address_says():
    assert fuzz_queries.fuzzed(6, 0) == []


def test_damaged_geotiffs_are_read_or_refused():
    assert fuzz_tiffs.fuzzed(300, 0) == []


def test_what_is_killed_costs_nothing_earlier_and_leaves_nothing():
    command = [sys.executable, str(ROOT / "benchmarks" / "kill.py"), "4", "3", "quick"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]


class TestDriver:
    """What goes wrong in an attempt is found, with its seed."""

    def test_an_error_is_a_failure_and_the_seed_brings_it_back(self):
        def attempt(random):
            assert random.random() < 0.9

        found = failures(attempt, 200)
        assert found
        assert failures(attempt, 1, found[0].seed) == [found[0]]
        assert "AssertionError" in found[0].what

    def test_what_takes_too_long_is_one(self):
        def attempt(_):
            while True:
                continue

        (found,) = failures(attempt, 1, within=0.05)
        assert found.what.startswith("TooSlowError")

    def test_what_takes_too_much_memory_is_one(self, monkeypatch):
        held = iter([100.0] * 30 + [900.0] * 20)
        monkeypatch.setattr(fuzz_driver, "peak_mib", lambda: next(held))
        (found,) = failures(lambda _: None, 40)
        assert "memory: 100 MiB became 900" in found.what

    def test_a_process_that_ends_is_one_and_the_others_are_tried(self, monkeypatch):
        said = [(-11, "." * 4), (0, "...\n[]")]
        tried = []

        def run(command, **_):
            tried.append(command[-2:])
            code, text = said[len(tried) - 1]
            return subprocess.CompletedProcess(command, code, text)

        monkeypatch.setattr(fuzz_tiffs.subprocess, "run", run)
        assert fuzz_tiffs.fuzzed(7, 10) == [Failure(13, "ended with -11")]
        assert tried == [["7", "10"], ["3", "14"]]


@pytest.mark.parametrize("error", [BandweaveError("no"), ValueError("no")])
def test_only_errors_that_a_user_can_put_right_are_no_failure(monkeypatch, error):
    def refuse(*_):
        raise error

    monkeypatch.setattr(fuzz_tiffs, "StoredRaster", refuse)
    monkeypatch.setattr(fuzz_tiffs, "changed", lambda content, random: content)
    attempt = partial(fuzz_tiffs.attempt, [b""], Path("/dev/null"))
    assert bool(failures(attempt, 1)) is isinstance(error, ValueError)


def test_the_exact_interpolation_of_a_plane_is_the_plane():
    rows, cols = np.mgrid[:20, :17]
    plane = np.stack([0.1 * rows + 0.02 * cols, cols]).astype(np.float32)
    hidden = np.zeros((20, 17), bool)
    hidden[3:15, 2:9] = True
    found = gap_fill.solved(np.where(hidden, np.float32(np.nan), plane), hidden)
    np.testing.assert_allclose(found, plane, atol=1e-5)
