"""Two people and an administrator in one app: what one of them has, the others do not get at."""

import re
import threading
from contextlib import contextmanager

import pytest
import uvicorn
from playwright.sync_api import expect

from bandweave.contracts.small_scene import make_scene
from bandweave.raster.grid import Window
from bandweave.workspace import owners, scene_library
from bandweave.workspace.run_folders import Request, new_run
from pages.shared import demo
from pages.shared.people import identity
from tests.browser import provider
from tests.browser.conftest import serving
from tests.browser.steps import QUIET, canvas
from tests.pages.shown import finish

pytestmark = pytest.mark.browser

SECRETS = """[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "bandweave"
client_secret = "x"
server_metadata_url = "{issuer}/.well-known/openid-configuration"
"""
FIELD = "Ben's field"
KINDS = ("/api/tiles/", "/api/values/", "/api/mercator/", "/api/runs/", "/media/")
SHARE = "Share with everyone here"


@contextmanager
def issuing():
    """Serve the identity provider on a free port."""
    server = uvicorn.Server(uvicorn.Config(provider.app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Serve an app in which Ben has a scene and a run, and the demo's first runs are there."""
    home = tmp_path_factory.mktemp("people")
    with issuing() as issuer, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDWEAVE_HOME", str(home))
        patch.setattr(owners, "_present", lambda: None)
        with owners.acting_as(owners.EVERYBODY):
            scene_library.store(make_scene(160, 160), scene_library.DEMO)
            for task in demo.REFERENCES:
                for request in demo.first_requests(task):
                    finish(new_run(request), 0.01)
        ben = identity.viewer_of({"is_logged_in": True, "iss": issuer, "sub": "ben", "name": "Ben"})
        with owners.acting_as(ben):
            entry = scene_library.crop(scene_library.demo(), Window(0, 0, 150, 140), FIELD)
            run = finish(new_run(Request(entry.id, "gap", "laplace")), 0.02)
        (home / "secrets.toml").write_text(SECRETS.format(issuer=issuer))
        options = f"--secrets.files={home / 'secrets.toml'}"
        with serving("app.py", home, options, BANDWEAVE_ADMIN="ada@example.org") as address:
            yield address, entry.id, run.id


@pytest.fixture
def arrives(browser, shop):
    """Return a function that signs somebody in, in a browser of their own."""
    contexts = []

    def sign_in(who):
        context = browser.new_context(base_url=shop[0])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto("/")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name=who).click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        return page

    yield sign_in
    for context in contexts:
        context.close()


def visit(page, path):
    page.goto(path)
    page.wait_for_selector(QUIET)
    return page


def addresses(page, scene, run):
    """Return what a browser asks for while somebody looks at a scene and takes results away."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    visit(page, f"/imagery?scene={scene}")
    with page.expect_request(re.compile("/api/values/")):
        canvas(page).hover()
    tile = next(url for url in asked if "/api/tiles/" in url)
    asked.append(re.sub("/api/tiles/([^/]+)/.*", "/api/mercator/\\1/12/3261/1923", tile))
    visit(page, f"/metrics?run={run}")
    page.locator(".st-key-download-table").get_by_role("button").click()
    with page.expect_download() as download:
        page.get_by_text("Scores, CSV").click()
    asked += [download.value.url, page.url.partition("/metrics")[0] + f"/api/runs/{run}/fused.tif"]
    return {kind: next(url for url in reversed(asked) if kind in url) for kind in KINDS}


def answers(context, urls):
    """Return which addresses give somebody something."""
    given = set()
    for kind, url in urls.items():
        answer = context.request.get(url)
        assert answer.status in (200, 204, 404)
        told = kind != "/api/values/" or any(answer.json()["values"])
        given |= {kind} if answer.ok and told else set()
    return given


def test_one_does_not_get_at_what_another_has(arrives, browser, shop):
    _, scene, run = shop
    ben, eve, stranger = arrives("ben"), arrives("eve"), browser.new_context()
    urls = addresses(ben, scene, run)
    # the file is there before and after the others ask for it
    told = [answers(each, urls) for each in (ben.context, eve.context, stranger, ben.context)]
    assert told == [set(KINDS), set(), set(), set(KINDS)]
    stranger.close()
    visit(eve, f"/runs?run={run}&scene={scene}")
    expect(eve.get_by_text("The run of this address is gone.")).to_be_visible()
    assert run not in eve.content() and FIELD not in eve.content()

    visit(ben, "/imagery").get_by_role("radio", name="Import").click()
    with ben.expect_request(re.compile("/_stcore/upload_file/")) as sent:
        file = {"name": "notes.tif", "mimeType": "image/tiff", "buffer": b"no image"}
        ben.locator("input[type=file]").set_input_files(file)
    expect(ben.get_by_role("button", name="Remove")).to_be_visible()
    # his own asks for the token that is the browser's
    told = [each.context.request.put(sent.value.url).status for each in (ben, eve)]
    assert told == [403, 404]

    # what is shared is hers to look at as long as it is
    for place in (f"/imagery?scene={scene}", f"/runs?run={run}"):
        visit(ben, place).get_by_text(SHARE).click()
        ben.wait_for_timeout(300)
        ben.wait_for_selector(QUIET)
    visit(eve, f"/runs?run={run}")
    expect(eve.get_by_text("Shared by Ben", exact=True)).to_be_visible()
    expect(eve.get_by_role("button", name="Delete")).to_have_count(0)
    assert answers(eve.context, urls) == set(KINDS) - {"/media/"}
    visit(ben, f"/imagery?scene={scene}").get_by_text(SHARE).click()
    ben.wait_for_timeout(300)
    ben.wait_for_selector(QUIET)
    assert answers(eve.context, urls) == {"/api/runs/"}

    ben.get_by_role("button", name="Sign out").click()
    expect(ben.get_by_role("button", name="Sign in")).to_be_visible()
    assert answers(ben.context, urls) == set()
