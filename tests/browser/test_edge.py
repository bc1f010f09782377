"""What a stranger's page, a proxy and an outside image meet on the app's port."""

import os
import subprocess
import sys
import urllib.error
import urllib.request

import psutil
import pytest

from tests.browser.conftest import ROOT, SOURCES, free_port, serving, watched
from tests.browser.hands import open_stage, until
from tests.browser.others import listener, proxying
from tests.browser.steps import QUIET

pytestmark = pytest.mark.browser

IMAGE = (
    "src => new Promise(done => { const image = new Image();"
    " image.onload = () => done('loaded'); image.onerror = () => done('refused');"
    " image.src = src; document.body.append(image); })"
)

TILES = """() => performance.getEntriesByType("resource").some((each) =>
    each.name.includes("/bandweave/api/tiles/") && each.responseStatus === 200)"""


def test_the_server_listens_on_loopback_alone(server):
    port = int(server.rsplit(":", 1)[1])
    listening = {
        each.laddr.ip
        for each in psutil.net_connections("tcp")
        if each.status == psutil.CONN_LISTEN and each.laddr.port == port
    }
    assert listening == {"127.0.0.1"}


def test_an_image_from_outside_is_refused_by_the_browser(page, server):
    page.goto(server)
    page.wait_for_selector(QUIET)
    with listener() as (elsewhere, met):
        assert page.evaluate(IMAGE, f"{elsewhere}/pixel.svg") == "refused"
        assert not met
        # and so is what else would carry something away
        fetched = "url => fetch(url, {mode: 'no-cors'}).then(() => 'sent', () => 'refused')"
        assert page.evaluate(fetched, elsewhere) == "refused"
        # a page without the policy does load it, so that the test tells something
        page.goto(f"{elsewhere}/page")
        assert page.evaluate(IMAGE, f"{elsewhere}/pixel.svg") == "loaded"
        assert met


def test_no_page_of_others_may_show_ours_or_talk_to_it(page, server):
    with listener() as (elsewhere, _):
        page.goto(f"{elsewhere}/page")
        socket_to = server.replace("http", "ws") + "/_stcore/stream"
        opened = """url => new Promise(done => { const socket = new WebSocket(url);
            socket.onopen = () => done('open'); socket.onerror = () => done('refused'); })"""
        assert page.evaluate(opened, socket_to) == "refused"


def test_behind_a_proxy_and_below_a_base_path_all_of_it_works(page, tmp_path):
    ports = {keeps_host: free_port() for keeps_host in (True, False)}
    known = ",".join(f"http://fusion.example.org:{port}" for port in ports.values())
    stage = "tests/browser/stage.py"
    faults = watched(page)
    with serving(stage, tmp_path, base="/bandweave", BANDWEAVE_ORIGINS=known) as address:
        asked = urllib.request.Request(address, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(asked)
        for keeps_host, port in ports.items():
            with proxying(address, port, keeps_host=keeps_host):
                open_stage(page, f"http://fusion.example.org:{port}/bandweave", "panels=1")
                until(page, TILES)
    assert not faults, faults


def test_a_setting_that_is_wrong_ends_the_server_with_a_sentence(tmp_path):
    wrong = {"BANDWEAVE_HOME": str(tmp_path), "PYTHONPATH": SOURCES, "BANDWEAVE_ORIGINS": "*"}
    ended = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
        + ["--server.port=0"],
        cwd=ROOT,
        env=os.environ | wrong,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "BANDWEAVE_ORIGINS names '*'" in ended.stderr and "Traceback" not in ended.stderr
