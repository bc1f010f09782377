"""A backup gives back what went in, and nothing that a stranger put into one does any harm."""

import copy
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from bandweave.__main__ import main
from bandweave.contracts.small_scene import make_scene
from bandweave.errors import ArchiveError, BandweaveError, StorageError
from bandweave.methods import METHODS
from bandweave.methods.model_file import save_fitted
from bandweave.methods.networks.fuser import Trained
from bandweave.methods.networks.inputs import NetworkInputs
from bandweave.methods.networks.weights import save_weights
from bandweave.prepare.normalisation import fixed
from bandweave.running.execution import execute
from bandweave.sources.outside import write_anew
from bandweave.storage.json_file import write_json
from bandweave.workspace import archive, archive_listing, paths, scene_library
from bandweave.workspace.archive import MANIFEST, export
from bandweave.workspace.models import model_of
from bandweave.workspace.request import Taken
from bandweave.workspace.restoring import restore
from bandweave.workspace.run_folders import Request, Run, State, all_runs, new_run, open_run
from bandweave.workspace.studies import all_studies, new_study

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """Return a workspace with a scene, three runs and a study, and the backup of all of it."""
    home = tmp_path_factory.mktemp("origin")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDWEAVE_HOME", str(home))
        scene_library.store(make_scene(nan=True), "small")
        runs = [new_run(Request("small", "gap", method)) for method in ("laplace", "band-mean")]
        for run in runs:
            execute(run)
        as_if_trained(runs[1])
        runs[0].annotate(name="=first", note="Tân Bình")
        new_study("both", runs[:2])
        export(home / "whole.zip")
    return home


def as_if_trained(like: Run) -> None:
    """Make a network's run of another's results and of weights that nobody trained."""
    run, method = new_run(Request("small", "gap", "shallow-cnn")), METHODS["shallow-cnn"]()
    for path in like.folder.iterdir():
        if path.is_file() and path.name not in ("request.json", "worker.json"):
            shutil.copy(path, run.folder)
    (run.folder / "model").mkdir()
    bands = ("red", "green", "blue")
    view = NetworkInputs(
        "ratio", False, bands, fixed((0,) * 3, (1,) * 3), fixed((0,), (9,)), (0.5,)
    )
    save_fitted(run.folder / "model", Trained(view, 0))
    weights = [np.ones(shape, np.float32) for shape in method.architecture.shapes(method.channels)]
    save_weights(run.folder / "model", dict.fromkeys(bands, weights))


@pytest.fixture
def whole(origin, workspace) -> Path:
    """Return the backup of the whole; the workspace is another, and empty."""
    return origin / "whole.zip"


def rebuilt(source: Path, change: Callable[[Files, dict], None], *, honest: bool = True) -> Path:
    """Return a backup with other files and another manifest, by default with the right hashes."""
    with zipfile.ZipFile(source) as opened:
        files = {name: opened.read(name) for name in opened.namelist() if name != MANIFEST}
        manifest = json.loads(opened.read(MANIFEST))
    change(files, manifest)
    for item in manifest["items"] if honest else ():
        for member in item["members"]:
            content = files.get(f"{item['kind']}/{item['id']}/{member['name']}", b"")
            member |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return packed(files | {MANIFEST: json.dumps(manifest).encode()})


def packed(files: Files, tweak: Callable[[zipfile.ZipFile], None] = lambda _: None) -> Path:
    target = paths.home() / "changed.zip"
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w") as made:
        for name, content in files.items():
            image = name.endswith(".tif")
            made.writestr(name, content, zipfile.ZIP_STORED if image else zipfile.ZIP_DEFLATED)
        tweak(made)
    return target


def files_of(source: Path) -> Files:
    with zipfile.ZipFile(source) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def visible(home: Path) -> set[str]:
    return {path.relative_to(home).as_posix() for path in home.glob("*/*")}


def hidden(home: Path) -> list[Path]:
    return [path for path in home.rglob(".*") if path.name != "."]


def run_of(home: Path, method: str) -> Path:
    asked = (home / "runs").glob("*/request.json")
    return next(each.parent for each in asked if f'"method": "{method}"' in each.read_text())


def test_everything_comes_back_as_it_was(origin, whole, workspace):
    done = restore(whole)
    assert not done.left_out and not done.present and len(done.placed) == 5
    assert not hidden(workspace)
    before = {p.relative_to(origin) for p in origin.rglob("*") if p.is_file()}
    after = {p.relative_to(workspace) for p in workspace.rglob("*") if p.is_file()}
    left = {path.name for path in before - after}
    assert left == {"whole.zip", "worker.json", "workspace.json"}
    assert after <= before
    for path in after:
        one, other = origin / path, workspace / path
        if path.suffix == ".tif":
            with rasterio.open(one) as first, rasterio.open(other) as second:
                assert first.read().tobytes() == second.read().tobytes()
                assert (first.crs, first.transform) == (second.crs, second.transform)
                assert (first.descriptions, first.tags()) == (second.descriptions, second.tags())
        else:
            assert one.read_bytes() == other.read_bytes()
        if path.name in ("request.json", "scene.json"):
            assert other.stat().st_mtime == pytest.approx(one.stat().st_mtime, abs=1e-3)
    (study,) = all_studies()
    assert [run.name for run in study.runs] == ["=first", ""]
    assert all(run.status().state is State.DONE and run.has_image for run in all_runs())
    trained = Run(run_of(workspace, "shallow-cnn"))
    trained.request.configured_method.load(trained.folder / "model")
    again = restore(whole)
    assert again.present == list(done.placed) == list(again.placed)


def test_what_has_another_ones_id_gets_a_new_one_and_what_refers_to_it_follows(origin, whole):
    scene_library.store(make_scene(seed=5), "small")
    first = run_of(origin, "laplace").name
    other = new_run(Request("small", "gap", "laplace", seed=9), paths.runs() / first)
    before = scene_library.find("small").scene.optical.raster.read()
    done = restore(whole)
    assert done.placed["scenes/small"] == "small-2"
    assert done.placed[f"runs/{first}"] == f"{first}-2"
    assert all(run.request.scene == "small-2" for run in all_runs() if run.id != other.id)
    assert open_run(other.id).request.seed == 9
    np.testing.assert_array_equal(scene_library.find("small").scene.optical.raster.read(), before)
    assert all_studies()[0].runs[0].id == f"{first}-2"
    count = len(all_runs())
    assert restore(whole).placed == done.placed and len(all_runs()) == count


def test_a_run_names_the_one_whose_model_it_took_by_the_id_that_has_here(
    workspace, tmp_path, monkeypatch
):
    scene_library.store(make_scene(), "small")
    first = new_run(Request("small", "gap", "laplace"))
    execute(first)
    second = new_run(replace(first.request, model=Taken(first.id)))
    execute(second)
    export(tmp_path / "backup.zip", runs=[second.id, first.id], alone=True)
    monkeypatch.setenv("BANDWEAVE_HOME", str(tmp_path / "other"))
    other = new_run(Request("small", "gap", "band-mean"))
    other.folder.rename(other.folder.with_name(first.id))
    restore(tmp_path / "backup.zip")
    back = open_run(second.id)
    assert back.request.model == Taken(f"{first.id}-2")
    assert back.result()["model_from"] == f"{first.id}-2"
    assert model_of(back).fitted == model_of(second).fitted


def named(runs, method: str) -> str:
    return next(run.id for run in runs if run.request.method == method)


def test_a_run_takes_its_scene_along_and_a_study_all_of_its_runs(origin, tmp_path, monkeypatch):
    monkeypatch.setenv("BANDWEAVE_HOME", str(origin))
    runs = all_runs()
    laplace, mean = named(runs, "laplace"), named(runs, "band-mean")

    def exported(name, **asked):
        return {f"{i.kind}/{i.id}" for i in export(tmp_path / name, **asked).items}

    assert exported("one", runs=[laplace]) == {"scenes/small", f"runs/{laplace}"}
    assert exported("alone", runs=[laplace], alone=True) == {f"runs/{laplace}"}
    assert exported("scene", scenes=["small"]) == {"scenes/small"}
    both = exported("both", runs=[laplace, mean])
    assert len(both) == 4 and any(place.startswith("studies/") for place in both)
    for asked in ({"scenes": ["none"]}, {"runs": ["none"]}):
        with pytest.raises(BandweaveError, match="There is no"):
            exported("no", **asked)
    with pytest.raises(ArchiveError, match="exists already"):
        export(tmp_path / "one")


def test_what_has_not_ended_comes_back_as_stopped_and_what_is_damaged_stays(workspace, tmp_path):
    with pytest.raises(ArchiveError, match="nothing to back up"):
        export(tmp_path / "empty.zip")
    scene_library.store(make_scene(), "small")
    waiting, lost = (new_run(Request("small", "gap", "laplace", seed=n)) for n in (1, 2))
    write_json(lost.folder / "worker.json", {"pid": 1 << 22, "started": 0.0, "born": "never"})
    (waiting.folder / "progress.jsonl").write_text("{}\n" * 3)
    assert [waiting.status().state, lost.status().state] == [State.QUEUED, State.LOST]
    shutil.copytree(paths.scenes() / "small", paths.scenes() / "damaged")
    (paths.scenes() / "damaged" / "scene.json").write_text("{")
    made = export(tmp_path / "b.zip")
    assert [item.id for item in made.items if item.kind == "scenes"] == ["small"]
    shutil.rmtree(workspace)
    restore(tmp_path / "b.zip")
    for run in (waiting, lost):
        status = open_run(run.id).status()
        assert status.state is State.FAILED and status.hint == "Start it again."
    assert {p.name for p in waiting.folder.iterdir()} == {"request.json", "stopped.json"}


def test_of_a_long_log_the_end_is_kept(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "OTHER_BYTES", 10)
    scene_library.store(make_scene(), "small")
    run = new_run(Request("small", "gap", "laplace"))
    write_json(run.folder / "result.json", {"seconds": 1.0})
    (run.folder / "log.txt").write_text("x" * 50 + "the end")
    export(tmp_path / "b.zip")
    assert files_of(tmp_path / "b.zip")[f"runs/{run.id}/log.txt"] == b"xxxthe end"


PLACES = (
    *("runs/../../escaped", "../escaped", "/escaped", "runs/a/../../../escaped", "escaped"),
    *("runs\\a\\request.json", "C:/escaped", "runs//request.json", "runs/.a/request.json"),
    *("runs/a/worker.json", "runs/a/model/red.keras", "runs/a/model/../x", "scenes/a/x.vrt"),
    *("scenes/a/x.tif.aux.xml", "scenes/a/.x.tif", "studies/a/request.json", "trash/runs/a"),
    *("runs/a b/request.json", "runs/" + "a" * 200 + "/request.json", "runs/a/request.json/"),
    *("runs/a", "runs/"),
)


@pytest.mark.parametrize("place", PLACES)
def test_a_file_that_belongs_to_nothing_is_refused(whole, workspace, place):
    source = packed({place: b"{}", **files_of(whole)})
    refused(source, workspace, "belongs to no scene, run or study")


def refused(source: Path, home: Path, why: str) -> None:
    """Take it in: it is refused, and nothing of it is anywhere."""
    before = visible(home)
    with pytest.raises(ArchiveError, match=why) as caught:
        restore(source)
    assert caught.value.hint and len(caught.value.message) < 400
    assert visible(home) == before and not hidden(home)
    assert not list(home.parent.rglob("escaped"))


def mode(kind: int) -> Callable[[zipfile.ZipFile], None]:
    def tweak(made: zipfile.ZipFile) -> None:
        info = next(each for each in made.filelist if each.filename.endswith("request.json"))
        info.external_attr = (kind | 0o777) << 16

    return tweak


def first(made: zipfile.ZipFile, ending: str) -> zipfile.ZipInfo:
    return next(each for each in made.filelist if each.filename.endswith(ending))


def encrypt(made: zipfile.ZipFile) -> None:
    first(made, ".tif").flag_bits |= 1


def overlap(made: zipfile.ZipFile) -> None:
    for number in range(3):
        again = copy.copy(first(made, "optical.tif"))
        again.filename = again.orig_filename = f"scenes/small/more{number}.tif"
        made.filelist.append(again)


def twice(made: zipfile.ZipFile) -> None:
    made.filelist.append(first(made, "scene.json"))


def other_case(made: zipfile.ZipFile) -> None:
    made.writestr("scenes/SMALL/scene.json", "{}")


def larger(made: zipfile.ZipFile) -> None:
    first(made, ".json").file_size = 1 << 40


def squeezed(made: zipfile.ZipFile) -> None:
    made.writestr("scenes/small/more.tif", bytes(1 << 20), zipfile.ZIP_DEFLATED)


def strange(made: zipfile.ZipFile) -> None:
    made.writestr("runs/a/log.txt", bytes(1 << 20), zipfile.ZIP_LZMA)


@pytest.mark.parametrize(
    ("tweak", "why"),
    [
        (mode(stat.S_IFLNK), "no plain file"),
        (mode(stat.S_IFIFO), "no plain file"),
        (mode(stat.S_IFCHR), "no plain file"),
        (encrypt, "packed in another way"),
        (overlap, "one over the other"),
        (twice, "is in it twice"),
        (other_case, "is in it twice"),
        (larger, "unpacks into too much"),
        (squeezed, "packed in another way"),
        (strange, "packed in another way"),
    ],
)
def test_entries_that_are_no_plain_files_of_their_own_are_refused(whole, workspace, tweak, why):
    refused(packed(files_of(whole), tweak), workspace, why)


def test_what_unpacks_into_much_more_than_itself_is_refused(whole, workspace, monkeypatch):
    monkeypatch.setattr(archive_listing, "SLACK", 0)

    def bomb(made):
        for number in range(20):
            made.writestr(f"runs/a{number}/log.txt", bytes(1 << 22), zipfile.ZIP_DEFLATED)

    refused(packed(files_of(whole), bomb), workspace, "unpacks into too much")


def as_bytes(change: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    def changed(source: Path) -> Path:
        target = paths.home() / "changed.zip"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(change(source.read_bytes()))
        return target

    return changed


def list_of(size: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:-10] + size.to_bytes(4, "little") + content[-6:]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (as_bytes(lambda content: b""), "no whole zip"),
        (as_bytes(lambda content: b"PK\5\6"), "no whole zip"),
        (as_bytes(lambda content: content[:-1]), "no whole zip"),
        (as_bytes(lambda content: content[: len(content) // 2]), "no whole zip"),
        (as_bytes(lambda content: content + b"comment"), "no whole zip"),
        (as_bytes(lambda content: os.urandom(1000)), "no whole zip"),
        (as_bytes(list_of(1 << 30)), "list of files is too long"),
        (as_bytes(list_of(1 << 20)), "no backup that can be trusted"),
        (as_bytes(lambda content: content[:40] + b"\xff" * 400 + content[440:]), "trusted"),
    ],
)
def test_a_file_that_is_no_whole_backup_is_refused(whole, workspace, changed, why):
    refused(changed(whole), workspace, why)


def test_a_file_that_is_not_there_is_told(workspace):
    with pytest.raises(ArchiveError, match="it is gone"):
        restore(workspace / "none.zip")


def manifests(manifest: dict) -> dict[str, tuple[object, str]]:
    item = manifest["items"][0]
    member = item["members"][0]

    def with_item(**changes):
        return manifest | {"items": [item | changes, *manifest["items"][1:]]}

    def with_member(**changes):
        return with_item(members=[member | changes, *item["members"][1:]])

    unread, missing = "manifest cannot be read", "files that its manifest names"
    return {
        "a list": ([], unread),
        "nothing": ({}, unread),
        "newer": (
            manifest | {"format": 99, "product": "7.0"},
            r"newer version .*\(7\.0\)",
        ),
        "no number": (manifest | {"format": "1"}, unread),
        "a flag": (manifest | {"format": True}, unread),
        "no items": (manifest | {"items": {}}, unread),
        "other kind": (with_item(kind="trash"), unread),
        "no time": (with_item(made=float("inf")), unread),
        "no members": (with_item(members=[]), "has no scene.json"),
        "twice": (manifest | {"items": [item, *manifest["items"]]}, "one item twice"),
        "one more": (with_item(members=[*item["members"], member | {"name": "x.tif"}]), missing),
        "one less": (with_item(members=item["members"][1:]), missing),
        "other name": (with_item(id="../small"), missing),
        "other size": (with_member(size=member["size"] + 1), "is not what it was"),
        "below nothing": (with_member(size=-1), "is not what it was"),
        "other hash": (with_member(sha256="0" * 64), "is not what it was"),
    }


def test_a_manifest_that_is_none_or_tells_something_else_is_refused(whole, workspace):
    files = files_of(whole)
    stated = manifests(json.loads(files[MANIFEST]))
    for content, why in stated.values():
        refused(packed(files | {MANIFEST: json.dumps(content).encode()}), workspace, why)
    for content in (b"", b"\xff", b"[" * 200_000, b'{"items": ' * 200_000):
        refused(packed(files | {MANIFEST: content}), workspace, "manifest cannot be read")
    del files[MANIFEST]
    refused(packed(files), workspace, "has no manifest")


def test_a_changed_file_is_refused_whatever_else_is_right(whole, workspace):
    for ending in (".tif", "request.json", "weights.npy"):

        def flip(files, _, ending=ending):
            name = next(each for each in files if each.endswith(ending))
            files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])

        refused(rebuilt(whole, flip, honest=False), workspace, "is not what it was")


CRS, PLACE = "EPSG:32648", Affine(10, 0, 680_000, 0, -10, 1_200_000)


def tif(dtype: str) -> bytes:
    shape = {"count": 1, "height": 4, "width": 4, "crs": CRS, "transform": PLACE}
    with rasterio.MemoryFile() as memory:
        with memory.open(driver="GTiff", dtype=dtype, **shape) as made:
            made.write(np.zeros((1, 4, 4), dtype))
        return memory.read()


UNSOUND = {
    ("scenes", "optical.tif"): [b"", b"no image", b"<VRTDataset/>", tif("int16"), tif("float64")],
    ("scenes", "scene.json"): [b"", b"{}", b"[" * 100_000, b'{"layers": []}', b'{"layers": [3]}'],
    ("runs", "request.json"): [b"{", b"[]", b"{}", b'{"scene": 3}', b"[" * 100_000, b"\xff"],
    ("runs", "result.json"): [b"[]", b"{", b'{"seconds": "x"}'],
    ("runs", "scores.json"): [b"{", b'[{"value": []}]', b"[3]", b"3"],
    ("runs", "notes.json"): [b"{", b"[]", b'{"name": 3}'],
    ("runs", "fused.tif"): [b"no image"],
    ("studies", "study.json"): [b"{", b"[]", b'{"name": 3, "runs": 3}'],
}


@pytest.mark.parametrize("what", UNSOUND, ids="-".join)
def test_what_is_not_sound_is_left_out_and_named_and_the_rest_is_taken(
    origin, whole, workspace, what
):
    kind, name = what
    for content in UNSOUND[what]:

        def damage(files, _, content=content):
            place = next(each for each in files if each.startswith(kind) and each.endswith(name))
            files[place] = content

        done = restore(rebuilt(whole, damage), write_anew if ".tif" in name else shutil.copy)
        ((left, reason),) = done.left_out.items()
        assert left.startswith(f"{kind}/") and reason
        assert len(done.placed) == 4 and not hidden(workspace)
        assert not (workspace / left).exists()
        shutil.rmtree(workspace)


def test_a_run_that_would_be_executed_here_is_left_out(whole, workspace):
    def unended(files, manifest):
        for item in manifest["items"]:
            if item["kind"] == "runs":
                item["members"] = [one for one in item["members"] if one["name"] != "result.json"]
                files.pop(f"runs/{item['id']}/result.json")

    done = restore(rebuilt(whole, unended))
    assert len(done.left_out) == 3 and not all_runs()
    assert set(done.left_out.values()) == {"It has neither ended nor been stopped."}


def test_a_run_whose_model_is_not_sound_comes_without_it(origin, whole, workspace):
    def damage(files, _):
        place = next(each for each in files if each.endswith("weights.npy"))
        files[place] = files[place][:-4]

    assert not restore(rebuilt(whole, damage)).left_out
    folder = run_of(workspace, "shallow-cnn")
    assert not (folder / "model").exists() and Run(folder).status().state is State.DONE


def test_a_scene_with_an_image_that_nothing_describes_is_left_out(whole, workspace):
    def more(files, manifest):
        files["scenes/small/more.tif"] = files["scenes/small/optical.tif"]
        (item,) = (each for each in manifest["items"] if each["kind"] == "scenes")
        item["members"].append({"name": "more.tif", "size": 0, "sha256": ""})

    assert list(restore(rebuilt(whole, more)).left_out) == ["scenes/small"]


def test_every_image_goes_through_the_one_function_that_checks(whole, workspace):
    seen = []

    def checked(source: Path, target: Path) -> None:
        seen.append(target.name)
        shutil.copy(source, target)

    restore(whole, checked)
    assert sorted(seen) == sorted(Path(n).name for n in files_of(whole) if n.endswith(".tif"))


def test_an_image_larger_than_the_disk_is_left_out(whole, workspace):
    shape = {"count": 3, "height": 3_000_000, "width": 3_000_000, "crs": CRS, "transform": PLACE}
    tiles = {"tiled": True, "blockxsize": 4096, "blockysize": 4096, "sparse_ok": True}

    def sparse(files, _):
        with rasterio.MemoryFile() as memory:
            memory.open(driver="GTiff", dtype="float32", **shape, **tiles).close()
            files["scenes/small/optical.tif"] = memory.read()

    done = restore(rebuilt(whole, sparse))
    assert "unpacks into" in done.left_out["scenes/small"]


def test_too_little_room_is_told_before_anything_is_written(whole, workspace, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    refused(whole, workspace, "the disk has 0.0 GB left")


def test_a_full_disk_is_told_and_leaves_nothing(origin, whole, workspace, tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused(whole, workspace, "the disk is full")
    monkeypatch.setenv("BANDWEAVE_HOME", str(origin))
    with pytest.raises(StorageError, match="the disk is full"):
        export(tmp_path / "b.zip")
    assert not list(tmp_path.glob("*.zip")) and not list(tmp_path.glob(".*"))


KILLED = """
import os, signal, sys
from pathlib import Path
from bandweave.workspace import archive, restoring
left = [int(sys.argv[3])]
def counted(call):
    def counting(*arguments):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments)
    return counting
os.fsync, Path.rename = counted(os.fsync), counted(Path.rename)
if sys.argv[1] == "export":
    archive.export(Path(sys.argv[2]))
else:
    restoring.restore(Path(sys.argv[2]))
"""


def killed(*words: object) -> None:
    """Do it in another process, which is killed at one of its writes."""
    done = subprocess.run([sys.executable, "-c", KILLED, *map(str, words)], capture_output=True)
    assert done.returncode == -9, done.stderr


def test_a_killed_export_leaves_nothing_under_its_name_and_the_next_one_tidies_up(
    origin, tmp_path, monkeypatch
):
    monkeypatch.setenv("BANDWEAVE_HOME", str(origin))
    target = tmp_path / "b.zip"
    killed("export", target, 1)
    assert not target.exists() and len(list(tmp_path.iterdir())) == 1
    export(target)
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_a_killed_import_leaves_whole_items_only_and_the_next_one_tidies_up(
    whole, workspace, share, tmp_path_factory, monkeypatch
):
    with zipfile.ZipFile(whole) as opened:
        # a synced file each, and at last a folder and a rename each item
        writes = len(opened.namelist()) + 8
    killed("import", whole, round(share * writes))
    items = visible(workspace) - {each for each in visible(workspace) if each.startswith(".")}
    done = restore(whole)
    assert not done.left_out and set(done.present) == items
    assert len(done.placed) == 5 and not hidden(workspace)
    assert all(run.status().state is State.DONE for run in all_runs())


def test_from_the_command_line(origin, workspace, tmp_path, monkeypatch, capsys):
    target = str(tmp_path / "b.zip")
    monkeypatch.setenv("BANDWEAVE_HOME", str(origin))
    assert main(["workspace", "export", "--out", target]) == 0
    assert "1 scene, 3 runs, 1 study in" in capsys.readouterr().out
    monkeypatch.setenv("BANDWEAVE_HOME", str(workspace))
    assert main(["workspace", "import", target, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["items"]) == 5 and not told["left_out"] and not told["present"]
    assert main(["workspace", "import", target]) == 0
    assert "1 scene, 3 runs, 1 study were here already." in capsys.readouterr().out
    assert main(["workspace", "import", str(tmp_path / "none.zip")]) == 1
    assert "cannot be taken in" in capsys.readouterr().err
