"""One declaration: what it accepts, what it refuses and how it says so."""

from dataclasses import dataclass

import pytest

from bandweave.errors import SettingError, UnknownNameError
from bandweave.settings import Declared, redeclared, setting


@dataclass(frozen=True)
class Oven(Declared):
    degrees: int = setting(180, "Heat", minimum=50, maximum=250, unit="C")
    hours: float = setting(1.5, "Time", minimum=0.0)
    fan: bool = setting(False, "Fan")
    shelf: str = setting("low", "Shelf", choices=("low", "high"))


def test_text_and_json_give_the_same():
    text = Oven.from_values({"degrees": "200", "hours": "2", "fan": "yes", "shelf": "high"})
    assert text == Oven(200, 2.0, True, "high")
    assert Oven.from_values(text.values()) == text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("degrees", 49, "50 to 250 C"),
        ("degrees", 251, "50 to 250 C"),
        ("degrees", "1.5", "whole number"),
        ("degrees", "hot", "whole number"),
        ("degrees", True, "whole number"),
        ("hours", "nan", "a number"),
        ("hours", float("inf"), "0 or more"),
        ("hours", -1, "0 or more"),
        ("fan", "maybe", "yes or no"),
        ("shelf", "top", "low, high"),
    ],
)
def test_refusals_name_the_limits(name, value, said):
    with pytest.raises(SettingError) as caught:
        Oven.from_values({name: value})
    assert said in caught.value.hint
    with pytest.raises(SettingError):
        Oven(**{name: value})


def test_unknown_names_are_refused_with_a_guess():
    with pytest.raises(UnknownNameError) as caught:
        Oven.from_values({"degree": 100})
    assert "Did you mean 'degrees'?" in caught.value.hint


def test_whole_numbers_may_be_written_as_decimals():
    assert Oven.from_values({"degrees": 200.0}).degrees == 200


def test_a_redeclared_setting_differs_in_its_default_only():
    @dataclass(frozen=True)
    class Kiln(Oven):
        degrees: int = redeclared(Oven, "degrees", 250)

    assert Kiln().degrees == 250
    before, after = Oven.settings()[0].as_json(), Kiln.settings()[0].as_json()
    assert before | {"default": 250} == after
    with pytest.raises(SettingError):
        Kiln(degrees=251)


def test_facts_for_forms():
    heat = Oven.settings()[0].as_json()
    assert heat["name"] == "degrees"
    assert (heat["kind"], heat["minimum"], heat["maximum"]) == ("integer", 50, 250)
