"""Scratch arrays: in memory or in a file, the same numbers."""

import numpy as np

from bandweave.contracts.small_scene import make_grid
from bandweave.raster import virtual


def test_a_large_scratch_array_keeps_its_numbers_when_its_memory_is_let_go(monkeypatch):
    monkeypatch.setattr(virtual, "SCRATCH_IN_MEMORY", 100)
    array = virtual.scratch((2, 30, 40), np.float16)
    # half floats hold whole numbers to 2048
    array[:] = np.arange(2400).reshape(2, 30, 40) % 2000
    virtual.settle(array[1:])
    np.testing.assert_array_equal(array.ravel(), np.arange(2400) % 2000)
    # neither does reading it hold on to it
    raster = virtual.MemoryRaster(array, make_grid(30, 40), ("a", "b"))
    assert raster.read(bands=["b"]).dtype == np.float32
    assert raster.read()[1, 0, 0] == 1200
    virtual.settle(np.zeros(3))
