"""`python -m core paper`: one settings file and one command give the same tables."""

import json

import pytest

from bandweave.__main__ import main
from bandweave.contracts.small_scene import make_scene
from bandweave.workspace import scene_library

pytestmark = pytest.mark.usefixtures("workspace")
QUICK = ("--set", "steps=literal", "hidden=no")


@pytest.fixture
def paper(capsys):
    scene_library.store(make_scene(128, 128), "small")

    def call(*words):
        code = main(["paper", *map(str, words), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def test_the_same_settings_file_gives_the_same_tables_to_the_bit(paper, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    code, content = paper("--scene", "small", "--seed", 4, *QUICK, "--out", first)
    assert code == 0 and not content["failures"]
    assert [table["key"] for table in content["tables"]][:5] == ["II", "III", "IV", "V", "VI"]
    flags = {flag["key"]: flag for flag in content["audit"]}
    assert flags["entropy-above-8"]["judgement"] == "Impossible at 256 gray levels"
    assert "Small" in str(flags["answer-in-input"]) or "small" in str(flags["answer-in-input"])
    stored = json.loads((first / "settings.json").read_text())
    assert stored == {
        "scene": "small",
        "seed": 4,
        "settings": {"steps": "literal", "classical": True, "hidden": False},
    }
    assert paper("--settings", first / "settings.json", "--out", second)[0] == 0
    for name in ("settings.json", "tables.json", "tables.csv", "tables.tex"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    result = json.loads((second / "cnn-patches" / "result.json").read_text())
    assert result["model_from"] == "cnn"
    # results of the command may be written over, nothing else
    (second / "mine.txt").touch()
    code, said = paper("--settings", first / "settings.json", "--out", second)
    assert code == 1 and "mine.txt" in said["error"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "No scene"),
        (("--scene", "nowhere"), "no scene"),
        (("--scene", "small", "--set", "step=literal"), "no setting"),
        (("--scene", "small", "--set", "literal"), "--set"),
        (("--scene", "small", "--settings", "nowhere.json"), "not a settings file"),
    ],
)
def test_mistakes_are_said(paper, tmp_path, words, said):
    code, answer = paper(*words, "--out", tmp_path / "o")
    assert code == 1 and said in answer["error"]
    assert not (tmp_path / "o").exists()
