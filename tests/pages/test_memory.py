"""The web server gives memory back, whatever was freed before."""

import platform
import subprocess
import sys

import pytest

from tests.pages.shown import ROOT

SCRIPT = """
import numpy as np, psutil
{first}
size = lambda: psutil.Process().memory_info().rss
before = size()
del_first = np.ones(20 << 20, np.uint8)
del del_first
images, kept = [], []
for _ in range(60):
    images.append(np.ones(3 << 20, np.uint8))
    kept.append(np.ones(1 << 14, np.uint8))
del images
print((size() - before) >> 20)
"""


def left(first):
    """Return the MiB that freed images still take in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(first=first)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is set up")
def test_what_images_took_goes_back():
    assert left("") > 100, "glibc as it is keeps them; else there is nothing to set up"
    assert left("from pages.shared.serving.memory import give_back; give_back()") < 20
