"""Who is answered on the port, and with which headers."""

import logging

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bandweave.errors import SettingError
from pages.shared.serving import origins
from pages.shared.serving.map_pages import map_page
from pages.shared.serving.origins import Edge, edge
from tests.pages.asking import ask, guarded

OURS = "https://fusion.example.org"


def anything(request):
    if request.path_params["rest"] == "broken":
        raise ValueError("secret words")
    return PlainTextResponse("here")


APP = [Route("/{rest:path}", anything, methods=["GET", "POST"])]


def answered(*, host="localhost:8501", origin=None, app=None, **more):
    headers = [("host", host)] + ([("origin", origin)] if origin else [])
    return ask(app or guarded(Edge(frozenset({OURS})), own=APP), "/", headers=headers, **more)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost:8501", "LOCALHOST.:80", "fusion.localhost", "127.0.0.1:8501"),
        *("127.9.9.9", "[::1]:8501", "[::ffff:127.0.0.1]", "fusion.example.org"),
        *("Fusion.Example.org:443", "192.0.2.7:8501", "[::ffff:192.0.2.7]:8501"),
    ],
)
def test_a_host_that_the_server_goes_by_is_answered(host):
    assert answered(host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "fusion.example.com"),
        *("192.0.2.8", "0.0.0.0", "[::]", "notlocalhost"),
    ],
)
def test_another_host_is_refused_in_a_plain_sentence(host):
    answer = answered(host=host)
    assert answer.status == 403 and b"BANDWEAVE_ORIGINS" in answer.body
    # before the websocket's handshake, with the same sentence
    assert answered(host=host, kind="websocket") == answer._replace(
        headers=answered(host=host, kind="websocket").headers
    )


@pytest.mark.parametrize(
    "host", ["", "a b", "a@localhost", "localhost/x", "localhost:port", "[::1", "lo\xffcal", "*"]
)
def test_what_is_no_host_is_a_bad_request(host):
    assert answered(host=host).status == 400


def test_no_host_and_two_hosts_are_bad_requests():
    app = guarded(own=APP)
    assert ask(app, "/", headers=[]).status == 400
    assert ask(app, "/", headers=[("host", "localhost")] * 2).status == 400


def test_a_forwarded_host_counts_for_nothing():
    named = [("x-forwarded-host", "localhost"), ("forwarded", "host=localhost")]
    refused = ask(guarded(own=APP), "/", headers=[("host", "evil.example"), *named])
    assert refused.status == 403
    named = [("x-forwarded-host", "evil.example")]
    assert ask(guarded(own=APP), "/", headers=[("host", "localhost"), *named]).status == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (OURS, 200),
        ("http://localhost:8501", 200),
        ("https://localhost:8501", 200),
        ("http://localhost:3000", 403),
        ("http://127.0.0.1:8501", 403),
        ("http://fusion.example.org", 403),
        ("https://fusion.example.org:8443", 403),
        ("https://fusion.example.org.evil.example", 403),
        ("null", 403),
        ("file://", 403),
        ("x" * 5000, 403),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_what_comes_from_a_page_comes_from_one_of_ours(origin, status, kind):
    if kind == "websocket" and status == 200:
        return  # there is none in this app to be answered
    assert answered(origin=origin, kind=kind).status == status


def test_by_default_only_loopback_and_the_address_listened_on_are_answered():
    app = guarded(own=APP, address="box")
    found = {
        host: answered(host=host, app=app).status for host in ("localhost", "box", "192.0.2.7")
    }
    assert set(found.values()) == {200}
    assert answered(host="fusion.example.org", app=app).status == 403


def test_streamlits_pages_get_what_they_need_and_nobody_gets_the_rest():
    app = guarded(own=APP)
    for name in ("health", "host-config", "upload_file/a/b", "bidi-components/x/y"):
        assert ask(app, f"/_stcore/{name}").status == 200
    closed = ("metrics", "agent/mcp", "agent/openapi.json", "script-health-check", "", "%6detrics")
    for name in closed:
        assert ask(app, f"/_stcore/{name}").status == 404
        assert ask(app, f"/runs/_stcore/{name}", method="POST").status == 404
    assert ask(app, "/my_stcore").status == 200


@pytest.mark.parametrize(
    "path", ["/a%00b", "/a%0d%0aSet-Cookie:x", "/%ff%fe", "/" + "a" * 5000, "/?" + "q" * 5000]
)
def test_an_address_that_cannot_be_read_is_a_bad_request(path):
    path, _, query = path.partition("?")
    assert ask(guarded(own=APP), path, query=query).status == 400


def test_a_fault_is_told_to_the_log_and_not_to_the_stranger(caplog):
    answer = ask(guarded(own=APP), "/broken")
    assert answer.status == 500 and b"secret" not in answer.body
    assert "Content-Security-Policy".lower() in answer.headers
    assert "secret words" in caplog.text


def test_a_refusal_is_told_to_the_log_once_and_not_without_end(caplog):
    app = guarded(own=APP)
    with caplog.at_level(logging.WARNING):
        for number in [*range(300), *range(300)]:
            answered(host=f"evil{number}.example", app=app)
    assert len(caplog.records) == 100


def test_every_answer_says_what_a_browser_may_do_with_it(workspace):
    app = guarded()
    refused = [("host", "evil.example")]
    for answer in (
        *(ask(app, path) for path in ("/api/health", "/api/tiles/x/0/0/0", "/api/none")),
        ask(app, "/api/health", method="DELETE"),
        ask(app, "/vendor/leaflet/x/map.js"),
        ask(app, map_page("<p>")),
        ask(app, "/", headers=refused),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def rules(answer):
    """Return a policy's sources by what they are for."""
    policy = answer.headers["content-security-policy"]
    return {name: allowed for name, *allowed in (each.split() for each in policy.split(";"))}


def test_pages_load_nothing_from_elsewhere_and_maps_their_base_map_alone(workspace):
    page, drawn = (rules(ask(guarded(), path)) for path in ("/api/health", map_page("<p>")))
    assert page["img-src"] == ["'self'", "data:", "blob:"]
    assert "'unsafe-inline'" not in page["script-src"] and "'unsafe-eval'" not in page["script-src"]
    assert not [each for each in sum(page.values(), []) if "." in each or "*" in each]
    assert drawn["img-src"] == ["'self'", "data:", "https://tile.openstreetmap.org"]
    assert "connect-src" not in drawn and drawn["default-src"] == ["'none'"]
    assert page["frame-ancestors"] == ["'none'"] and drawn["frame-ancestors"] == ["'self'"]


def test_pages_may_stand_in_the_frames_that_are_named(workspace):
    app = guarded(Edge(frame_parents=("https://portal.example.org",)))
    for path, more in (("/api/health", []), (map_page("<p>"), ["'self'"])):
        answer = ask(app, path)
        assert rules(answer)["frame-ancestors"] == [*more, "https://portal.example.org"]
        assert "x-frame-options" not in answer.headers


@pytest.fixture
def stated(monkeypatch):
    """State settings in the environment and read them."""

    def read(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"BANDWEAVE_{name}", value)
        edge.cache_clear()
        return edge()

    yield read
    edge.cache_clear()


def test_settings_are_read(stated):
    found = stated(ORIGINS=f"{OURS}/, http://[::1]:80 ,", FRAME_PARENTS="https://A.example:444")
    assert found.origins == {OURS, "http://[::1]"} and found.names == {"fusion.example.org", "::1"}
    assert found.frame_parents == ("https://a.example:444",)
    assert found.basemap == origins.OPENSTREETMAP
    assert stated(BASEMAPS="").basemap == "" and not edge().image_hosts
    hosts = "https://images.example.org, https://tiles.example.org:8443/{z}/{x}/{y}.png"
    assert stated(BASEMAPS=hosts).basemap == hosts.split(", ")[1]
    assert edge().image_hosts == ("https://images.example.org", "https://tiles.example.org:8443")


@pytest.mark.parametrize("name", ["ORIGINS", "FRAME_PARENTS", "BASEMAPS"])
@pytest.mark.parametrize(
    "value",
    [
        *("fusion.example.org", "*", "https://*.example.org", "ftp://a.example", "https://"),
        *("https://a@b.example", "https://a.example:port", "https://a.example:99999", "null"),
        *("https://a.example;script-src *", "https://a.example 'unsafe-inline'", "https://[::1"),
    ],
)
def test_a_setting_that_names_no_place_is_refused(stated, name, value):
    with pytest.raises(SettingError, match=f"BANDWEAVE_{name} names '"):
        stated(**{name: value})


def test_an_origin_has_no_path(stated):
    with pytest.raises(SettingError):
        stated(ORIGINS=f"{OURS}/app")
