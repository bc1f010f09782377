"""The guard itself: no test can reach beyond this machine."""

import socket

import pytest


def test_other_machines_are_out_of_reach():
    with socket.socket() as outside, pytest.raises(UserWarning, match="tried to use"):
        # the guard warns before it blocks, and warnings are errors
        outside.connect(("192.0.2.1", 80))
