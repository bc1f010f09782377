"""How often windows look again: many of them together no more often than a few."""

from streamlit import runtime

FEW = 4
"""Windows that may look as often as each would alone."""


def every(seconds: float) -> float:
    """Return the seconds between two looks of one window, more the more windows there are."""
    # none where pages are tried without a server
    manager = getattr(runtime.get_instance(), "_session_mgr", None) if runtime.exists() else None
    return seconds * max(1.0, manager.num_active_sessions() / FEW) if manager else seconds
