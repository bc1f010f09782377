"""Signing in, and what each person sees and may do on every page."""

import asyncio
import json
import shutil

import httpx
import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from streamlit.runtime.secrets import secrets_singleton
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from bandweave.display.tiles import Style
from bandweave.errors import BandweaveError
from bandweave.raster.grid import Window
from bandweave.workspace import owners, quotas, scene_library
from bandweave.workspace.owners import EVERYBODY, NOBODY, SYSTEM, acting_as
from bandweave.workspace.run_folders import Request, Run, new_run
from pages.shared.people import identity
from pages.shared.people.requests import AsPerson, enforce_or_exit
from pages.shared.serving.layers import publish, published
from pages.shared.serving.map_pages import map_page
from pages.shared.serving.routes import routes
from tests.pages.shown import ROOT, finish

ISSUER, SECRET = "https://id.example", "0123456789abcdef" * 2
AUTH = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": SECRET,
    "client_id": "bandweave",
    "client_secret": "x",
    "server_metadata_url": f"{ISSUER}/.well-known/openid-configuration",
}
FIELD, PAGES = "Field of Ben", ("home", "imagery", "fuse", "runs", "compare", "metrics", "paper")


def claims(who, **others):
    return {"is_logged_in": True, "iss": ISSUER, "sub": who, "name": who.capitalize(), **others}


BEN, EVE = claims("ben"), claims("eve")
ADA = claims("ada", email="ada@example.org", email_verified=True)


@pytest.fixture
def auth(monkeypatch):
    """Set sign-in up, Ada being the administrator, and have it forgotten afterwards."""
    section = dict(AUTH)
    monkeypatch.setattr(secrets_singleton, "_secrets", {"auth": section})
    monkeypatch.setenv(identity.ADMIN, "Ada@example.org")
    monkeypatch.setattr(owners, "_present", None)
    return section


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a scene and a finished run of Ben's, and the demo scene, once."""
    home = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDWEAVE_HOME", str(home))
        from bandweave.contracts.small_scene import make_scene

        patch.setattr(owners, "_present", lambda: identity.viewer_of(BEN))
        demo = scene_library.store(make_scene(160, 160), scene_library.DEMO)
        entry = scene_library.crop(demo, Window(0, 0, 150, 150), FIELD)
        finish(new_run(Request(entry.id, "gap", "laplace")), 0.01)
    return home


@pytest.fixture
def bens(made, auth, workspace, waiting_engine):
    """Return Ben's scene and run, where people sign in."""
    identity.enforce()
    shutil.copytree(made, workspace)
    (entry,) = workspace.glob("scenes/field-of-ben-*")
    (run,) = workspace.glob("runs/*")
    return scene_library.Entry(entry.name, entry), Run(run)


def opened(who, page="home", **query):
    """Return a page as somebody sees it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    app.user = dict(who)
    app.query_params.update(query)
    if page != "home":
        app.switch_page(f"pages/{page}.py")
    app.run()
    assert not app.exception
    return app


def said(app):
    """Return all that a page sends to the browser."""
    found = [str(element.proto) for element in app.main] + [str(each.proto) for each in app.sidebar]
    return " ".join(found)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_nothing_before_sign_in(bens, page):
    entry, run = bens
    app = opened({"is_logged_in": False}, page, scene=entry.id, run=run.id)
    if page == "home":  # the others are run here without what surrounds them
        assert [button.label for button in app.button] == ["Sign in"]
    for told in (entry.id, FIELD, run.id):
        assert told not in said(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_nothing_of_anothers(bens, page):
    entry, run = bens
    shown = said(opened(BEN, page, scene=entry.id, run=run.id))
    hidden = said(opened(EVE, page, scene=entry.id, run=run.id))
    for told in (entry.id, FIELD, run.id):
        assert told not in hidden
    assert page == "home" or any(told in shown for told in (entry.id, FIELD, run.id))


def test_what_is_shared_is_seen_and_has_no_buttons_that_change_it(bens):
    entry, run = bens
    for page, key in (("imagery", entry.id), ("runs", run.id)):
        app = opened(BEN, page, scene=entry.id, run=run.id)
        assert "Delete" in [button.label for button in app.button]
        app.toggle(key=f"share-{key}").set_value(True).run()
        assert app.toggle(key=f"share-{key}").value
        seen = opened(EVE, page, scene=entry.id, run=run.id)
        assert "Shared by Ben" in [text.value for text in seen.text]
        assert "Delete" not in [button.label for button in seen.button]
        assert f"share-{key}" not in [each.key for each in seen.toggle]
    assert not [field for field in seen.text_input if field.label == "Name"]
    with acting_as(identity.viewer_of(EVE)):
        assert [each.id for each in scene_library.entries()] != [scene_library.DEMO]


def test_a_name_that_is_typed_and_a_click_are_their_owners(bens, waiting_engine):
    _, run = bens
    app = opened(BEN, "runs", run=run.id)
    app.text_input(key=f"name-{run.id}").set_value("Mine").run()
    assert run.name == "Mine"
    app.button(key=f"delete-{run.id}").click().run()
    assert not run.folder.exists()
    app.button(key=f"undo-{run.id}").click().run()
    assert run.folder.exists() and not app.exception


def test_a_click_that_comes_too_late_is_refused(bens):
    _, run = bens
    app = opened(BEN, "runs", run=run.id)
    app.user = dict(EVE)
    app.button(key=f"delete-{run.id}").click().run()
    assert run.folder.exists()


def test_the_administrator_sees_all_and_whose_it_is(bens):
    entry, run = bens
    app = opened(ADA, "runs", run=run.id)
    assert "Belongs to Ben" in [text.value for text in app.text]
    assert list(app.dataframe[0].value["By"]) == ["Ben"]
    assert "Ada (administrator)" in [text.value for text in opened(ADA).sidebar.text]
    app = opened(ADA, "imagery", scene=entry.id)
    assert f"{FIELD} · Ben" in app.selectbox(key="scene-choice").options


def test_without_sign_in_nothing_is_said_of_it(demo_scene, home):
    app = home.run()
    assert not app.sidebar.text and not app.sidebar.button


def test_no_address_opens_a_folder(demo_scene, waiting_engine, tmp_path):
    shutil.copytree(demo_scene.folder, tmp_path / "elsewhere")
    app = opened({}, "imagery", scene=str(tmp_path / "elsewhere"))
    assert app.selectbox(key="scene-choice").options == ["small"]
    assert "elsewhere" not in said(app)


def cookie(who, secret=SECRET, origin="http://localhost:8501"):
    stated = json.dumps({**who, "origin": origin})
    return {USER_COOKIE_NAME: create_signed_value(secret, USER_COOKIE_NAME, stated).decode()}


def fetched(app, links, cookies):
    """Return what an app answers somebody with these cookies."""

    async def asked():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, cookies=cookies, base_url="http://app"
        ) as client:
            return [await client.get(link) for link in links]

    return asyncio.run(asked())


def test_a_link_gives_nothing_to_another(bens):
    entry, run = bens
    raster = entry.scene.optical.raster
    layer = publish(raster, Style(raster.bands[:1], (0.0,), (1.0,)), "Field")
    links = (
        f"/api/tiles/{layer.id}/0/0/0",
        f"/api/mercator/{layer.id}/12/3261/1923",
        f"/api/values/5/5/{layer.id}",
        f"/api/runs/{run.id}/fused.tif",
    )
    app = Starlette(routes=routes(), middleware=[Middleware(AsPerson)])

    def told(cookies):
        return [
            answer.status_code == 200 and b'"values":[null]' not in answer.content
            for answer in fetched(app, links, cookies)
        ]

    everything, nothing = [True] * 4, [False] * 4
    assert told(cookie(BEN)) == everything
    assert told(cookie(ADA)) == everything
    forged = [cookie(BEN, "another secret of that length, more or less"), cookie(BEN, origin="x")]
    for stranger in ({}, cookie(EVE), *forged, {USER_COOKIE_NAME: "ben"}, cookie({"sub": "ben"})):
        assert told(stranger) == nothing
    with acting_as(SYSTEM):
        owners.share(entry.folder, True)
        owners.share(run.folder, True)
    assert told(cookie(EVE)) == everything
    with acting_as(SYSTEM):
        owners.share(entry.folder, False)
    assert told(cookie(EVE)) == [False, False, False, True]


def test_a_map_is_its_askers(bens):
    with acting_as(identity.viewer_of(BEN)):
        address = map_page("<p>Ben's</p>")
    app = Starlette(routes=routes(), middleware=[Middleware(AsPerson)])
    told = [fetched(app, [address], cookies)[0].status_code for cookies in (cookie(BEN), {})]
    told += [fetched(app, [address], cookie(EVE))[0].status_code]
    assert told == [200, 404, 404]


def test_a_layer_made_of_nothing_stored_is_the_systems(bens):
    from bandweave.raster.virtual import MemoryRaster

    entry, _ = bens
    raster = MemoryRaster(entry.scene.optical.raster.read(), entry.scene.grid, ("a", "b", "c"))
    layer = publish(raster, Style(("a",), (0.0,), (1.0,)), "Made", key=("made",))
    with acting_as(identity.viewer_of(BEN)):
        assert published(layer.id) is None
    with acting_as(SYSTEM):
        assert published(layer.id) is not None


def test_somebody_is_who_issuer_and_subject_say(auth):
    ben = identity.viewer_of(BEN)
    assert identity.viewer_of(BEN | {"name": "Other", "email": "o@example.org"}).id == ben.id
    assert identity.viewer_of(BEN | {"iss": "https://other.example"}).id != ben.id
    assert identity.viewer_of(BEN | {"name": "A\n" + 200 * "b"}).name == "A " + 78 * "b"
    for missing in ({}, BEN | {"is_logged_in": False}, BEN | {"sub": ""}, BEN | {"iss": None}):
        assert identity.viewer_of(missing) == NOBODY


@pytest.mark.parametrize(
    ("stated", "who", "is_admin"),
    [
        ("ada@example.org", ADA, True),
        ("ADA@example.org", ADA, True),
        ("ada@example.org", ADA | {"email_verified": False}, False),
        ("ada@example.org", claims("ada", email="ada@example.org"), False),
        ("ada@example.org", claims("ada@example.org", name="ada@example.org"), False),
        ("ada", ADA, True),
        ("ada", claims("eve", name="ada", email="ada"), False),
        ("", claims(""), False),
    ],
)
def test_the_administrator_is_a_verified_address_or_a_subject(
    auth, monkeypatch, stated, who, is_admin
):
    monkeypatch.setenv(identity.ADMIN, stated)
    assert identity.viewer_of(who).admin is is_admin


@pytest.mark.parametrize(
    ("changes", "admin", "words"),
    [
        ({}, "", "does not say who is the administrator"),
        ({"cookie_secret": "short"}, "a@b", "5 characters; it takes at least 32"),
        ({"client_secret": None}, "a@b", "client_secret"),
        ({"redirect_uri": None}, "a@b", "redirect_uri"),
        ({"other": AUTH}, "ada", "there are 2 providers"),
    ],
)
def test_what_is_not_safe_does_not_start(auth, monkeypatch, changes, admin, words):
    auth.update(changes)
    for name in [name for name, value in auth.items() if value is None]:
        del auth[name]
    monkeypatch.setenv(identity.ADMIN, admin)
    with pytest.raises(BandweaveError, match=words):
        identity.enforce()
    assert not owners.enforced()


def test_the_server_ends_with_the_reason(auth, monkeypatch):
    monkeypatch.delenv(identity.ADMIN)
    with pytest.raises(SystemExit, match="does not say who is the administrator. Set BANDWEAVE_A"):
        enforce_or_exit()


def test_a_quota_that_is_none_does_not_start(auth, monkeypatch):
    monkeypatch.setenv(quotas.PREFIX + "GIB", "-1")
    with pytest.raises(BandweaveError, match="BANDWEAVE_QUOTA_GIB cannot be -1"):
        identity.enforce()


def test_no_header_says_who_somebody_is(auth, monkeypatch):
    monkeypatch.setattr(st, "get_option", lambda _: {"X-Sub": "sub"})
    with pytest.raises(BandweaveError, match="a header would say who somebody is"):
        identity.enforce()


def test_without_providers_nobody_signs_in(monkeypatch):
    monkeypatch.setattr(secrets_singleton, "_secrets", {})
    identity.enforce()
    assert not owners.enforced()


def test_each_provider_has_a_button(bens, auth):
    auth["other"] = dict(AUTH)
    app = opened({"is_logged_in": False})
    assert [button.label for button in app.button] == ["Sign in", "Sign in with other"]


def test_what_everybody_has_is_made_by_nobody(bens, workspace):
    with acting_as(EVERYBODY):
        run = new_run(Request(scene_library.DEMO, "gap", "laplace"))
    with acting_as(identity.viewer_of(EVE)):
        assert owners.may_see(run.folder) and not owners.may_change(run.folder)
        assert owners.said(run.folder) == ""
