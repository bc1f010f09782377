import json
import logging
import threading

import pytest

from bandweave import logs
from bandweave.errors import SettingError

FORGED = 'run\n{"level": "error", "message": "forged"}\r\u2028\x1b[2Kx'


@pytest.fixture
def written(capsys, monkeypatch):
    """Set logging up and return what has been written since; put everything back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hooks = logs.sys.excepthook, threading.excepthook

    def lines(**how):
        logs.set_up(**how)
        return lambda: capsys.readouterr().err.splitlines()

    yield lines
    logging.captureWarnings(capture=False)
    logs.sys.excepthook, threading.excepthook = hooks
    root.handlers[:], root.level = handlers, level
    for name in logs.OURS:
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_an_event_is_one_line_of_json_whoever_named_it(written):
    lines = written()
    logging.getLogger("bandweave.x").info("Started %s.", FORGED, extra={"run": FORGED})
    (line,) = lines()
    event = json.loads(line)
    assert event["message"] == f"Started {FORGED}." and event["run"] == FORGED
    assert (event["level"], event["logger"]) == ("info", "bandweave.x")
    assert event["time"].endswith("+00:00") and line.isascii()


def test_an_exception_is_a_field_of_its_event(written):
    lines = written()
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("pages.x").exception("It failed.")
    (line,) = lines()
    assert "Traceback" in json.loads(line)["exception"] and FORGED in json.loads(line)["exception"]


def test_what_nobody_caught_is_an_event_as_well(written):
    lines = written()
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    assert "ZeroDivisionError" in json.loads(lines()[0])["exception"]


def test_others_are_heard_from_warnings_on(written):
    lines = written()
    logging.getLogger("rasterio").info("chatter")
    logging.getLogger("bandweave").debug("detail")
    logging.getLogger("rasterio").warning("heard")
    assert [json.loads(line)["message"] for line in lines()] == ["heard"]


def test_the_level_can_be_set(written, monkeypatch):
    monkeypatch.setenv(logs.LEVEL, "Error")
    lines = written()
    logging.getLogger("bandweave").warning("not heard")
    assert not lines()
    monkeypatch.setenv(logs.LEVEL, "loud")
    with pytest.raises(SettingError, match="BANDWEAVE_LOG_LEVEL is 'loud'"):
        logs.set_up()


def test_a_workers_log_is_words_a_line_each(written):
    lines = written(words=True)
    logging.getLogger("bandweave").warning(FORGED)
    (line,) = lines()
    assert "warning: run" in line and "\x1b" not in line
