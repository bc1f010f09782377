"""What takes long keeps nothing else waiting, and who leaves gives up the place."""

import asyncio
import threading
from collections import Counter

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from bandweave.contracts.small_scene import make_grid
from bandweave.display.tiles import Style
from bandweave.raster.geotiff import write
from pages.shared.scores import downloads
from pages.shared.serving import lanes, routes
from pages.shared.serving.lanes import Lane, wanted
from pages.shared.serving.layers import publish
from tests.pages.browsers import Browser

STYLE = Style(("B",), (0.0,), (1.0,))


class Work:
    """An endpoint that takes as long as it is told to."""

    def __init__(self):
        self.begun, self.go = threading.Semaphore(0), threading.Event()
        self.asked = Counter()
        self.at_once = self.most = 0
        self.abandoned = False
        self.lock = threading.Lock()

    def __call__(self, request):
        with self.lock:
            self.asked[request.url.path] += 1
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        self.begun.release()
        while wanted() and not self.go.wait(0.01):
            continue
        self.abandoned |= not wanted()
        with self.lock:
            self.at_once -= 1
        return Response(b"made")


async def until(happened):
    async with asyncio.timeout(10):
        while not happened():
            await asyncio.sleep(0.01)


def played(asks, go=None):
    """Run what browsers do, and let all work end even if they wait in vain."""

    async def bounded():
        try:
            async with asyncio.timeout(20):
                return await asks()
        finally:
            if go:
                go.set()

    return asyncio.run(bounded())


def app(lane, work):
    return Starlette(routes=[Route("/{name}", lane.serving(work))])


@pytest.fixture
def work():
    return Work()


def test_a_lane_has_a_few_threads_and_a_bounded_queue(work):
    async def asks():
        served = app(Lane(2, 3), work)
        browsers = [Browser(f"/{number}") for number in range(9)]
        asking = [asyncio.create_task(each.ask(served)) for each in browsers]
        await until(lambda: work.at_once == 2 and sum(each.done() for each in asking) == 4)
        work.go.set()
        await asyncio.gather(*asking)
        return browsers

    browsers = played(asks, work.go)
    assert Counter(each.status for each in browsers) == {200: 5, 503: 4}
    assert {each.answered["retry-after"] for each in browsers if each.status == 503} == {"2"}
    assert work.most == 2


def test_who_ask_the_same_wait_for_one_another_without_a_thread(work):
    async def asks():
        served = app(Lane(2, 9), work)
        asking = [asyncio.create_task(Browser("/same").ask(served)) for _ in range(4)]
        await until(lambda: work.at_once == 1)
        asking.append(asyncio.create_task(Browser("/other").ask(served)))
        await until(lambda: work.at_once == 2)
        work.go.set()
        await asyncio.gather(*asking)

    played(asks, work.go)
    assert work.asked == {"/same": 4, "/other": 1}


def test_who_leaves_gives_up_the_place_while_waiting_and_while_it_is_made(work):
    async def asks():
        served = app(Lane(1, 1), work)
        first, second = Browser("/first"), Browser("/second")
        asking = [asyncio.create_task(each.ask(served)) for each in (first, second)]
        await until(lambda: work.at_once == 1)
        assert (await Browser("/third").ask(served)).status == 503
        second.left.set()
        await asking[1]
        assert work.asked["/second"] == 0
        first.left.set()
        await asking[0]
        assert work.abandoned
        work.go.set()
        assert (await Browser("/third").ask(served)).status == 200

    played(asks, work.go)


@pytest.mark.parametrize("way", ["leaves", "takes nothing"])
def test_a_file_is_sent_piece_by_piece_and_keeps_its_place_until_then(tmp_path, monkeypatch, way):
    file = tmp_path / "large"
    file.write_bytes(bytes(10_000_000))
    monkeypatch.setattr(lanes, "STALLED", 0.2 if way == "takes nothing" else 60)

    class Slow(Browser):
        async def take(self, message):
            await super().take(message)
            if len(self.body) > 100_000:
                await asyncio.Event().wait()

    async def asks():
        served = app(Lane(1, 0, held=True), lambda _: FileResponse(file))
        slow = Slow("/slow")
        asking = asyncio.create_task(slow.ask(served))
        await until(lambda: len(slow.body) > 100_000)
        assert len(slow.body) < 1_000_000
        if way == "leaves":
            assert (await Browser("/file").ask(served)).status == 503
            slow.left.set()
        await asyncio.wait([asking])
        whole = await Browser("/file").ask(served)
        assert (whole.status, len(whole.body)) == (200, 10_000_000)

    played(asks)


def test_tiles_and_values_do_not_wait_for_downloads(tmp_path, monkeypatch, work):
    monkeypatch.setattr(downloads.results, "fused_cog", lambda run, wanted: work_on())
    monkeypatch.setattr(downloads, "open_run", lambda run: run)

    def work_on():
        work.begun.release()
        work.at_once += 1
        work.go.wait(20)
        raise downloads.BandweaveError("No image.")

    pixels = np.full((1, 600, 600), 0.5, np.float32)
    layer = publish(write(tmp_path / "a.tif", pixels, make_grid(600, 600), ("B",)), STYLE, "Image")

    async def asks():
        served = Starlette(routes=routes.routes())
        waiting = [Browser(f"/api/runs/{number}/fused.tif") for number in range(60)]
        asking = [asyncio.create_task(each.ask(served)) for each in waiting]
        await until(lambda: work.at_once == 2)
        async with asyncio.timeout(10):
            tile = await Browser(f"/api/tiles/{layer.id}/0/0/0").ask(served)
            value = await Browser(f"/api/values/0/0/{layer.id}").ask(served)
        assert (tile.status, value.status) == (200, 200)
        work.go.set()
        await asyncio.gather(*asking)

    played(asks, work.go)


def test_a_tile_asked_for_by_many_at_once_is_drawn_once(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(routes, "render_tile", lambda *asked: drawn.append(asked) or b"tile")
    pixels = np.zeros((1, 9, 9), np.float32)
    layer = publish(write(tmp_path / "b.tif", pixels, make_grid(9, 9), ("B",)), STYLE, "Image")

    async def asks():
        served = Starlette(routes=routes.routes())
        many = [Browser(f"/api/tiles/{layer.id}/0/0/0") for _ in range(20)]
        await asyncio.gather(*(each.ask(served) for each in many))
        return many

    assert {each.body for each in played(asks)} == {b"tile"}
    assert len(drawn) == 1
