"""The web server asks nobody outside where it is."""

import tomllib
from pathlib import Path

from streamlit import net_util
from streamlit.web.server import server_util

from pages.shared.serving.offline import stay_offline

ROOT = Path(__file__).parents[2]


def test_an_address_is_stated_so_that_none_is_looked_up():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["browser"] == {"serverAddress": "localhost", "gatherUsageStats": False}


def test_a_page_opened_from_elsewhere_is_refused_without_asking(monkeypatch):
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("a server on the internet was asked")

    monkeypatch.setattr(net_util, "_make_blocking_http_get", asked)
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)
    stay_offline()
    assert not server_util.is_url_from_allowed_origins("http://elsewhere.example")
    assert server_util.is_url_from_allowed_origins("http://localhost:8501")
