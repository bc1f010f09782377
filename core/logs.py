"""What the product tells whoever runs it: an event a line.

The server writes JSON, so that programs can read it and no text that somebody else wrote can pass
for an event; workers write words into their run's log. Loggers are named after their modules;
`extra={"run": id}` says which run an event is about.
"""

import json
import logging
import os
import sys
import threading
from datetime import UTC, datetime
from typing import Any

from bandweave.errors import SettingError

LEVEL = "BANDWEAVE_LOG_LEVEL"
LEVELS = ("debug", "info", "warning", "error")
OURS = ("bandweave", "pages")
"""Whose events count from the level on that is asked for; others' do from warnings on."""
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), 127)} | {0x2028: " ", 0x2029: " "}


class JsonLines(logging.Formatter):
    """An event as one line of JSON: time, level, logger, message, and run and exception if any."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; its letters are ASCII."""
        event = {
            "time": _time(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        run = getattr(record, "run", None)
        event |= {"run": str(run)} if run else {}
        event |= {"exception": self.formatException(record.exc_info)} if record.exc_info else {}
        return json.dumps(event)


class Words(logging.Formatter):
    """An event as a line of words; an exception's lines follow."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said = record.getMessage().translate(_CONTROLS)
        line = f"{_time(record):%H:%M:%S} {record.levelname.lower()}: {said}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def set_up(*, words: bool = False) -> None:
    """Write events to the standard error stream, from `BANDWEAVE_LOG_LEVEL` on, in words or JSON.

    A level there is not raises `SettingError`.
    """
    level = os.environ.get(LEVEL, "info").lower()
    if level not in LEVELS:
        raise SettingError(f"{LEVEL} is '{level}'.", f"It can be {', '.join(LEVELS)}.")
    handler = logging.StreamHandler()
    handler.setFormatter(Words() if words else JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    if not words:
        logging.captureWarnings(capture=True)
        sys.excepthook = _uncaught
        threading.excepthook = lambda failed: _uncaught(
            failed.exc_type, failed.exc_value, failed.exc_traceback
        )


def _uncaught(kind: Any, error: Any, trace: Any) -> None:
    if issubclass(kind, Exception):
        logging.getLogger(__name__).error("Nobody expected this.", exc_info=(kind, error, trace))


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)
