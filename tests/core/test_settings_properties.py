"""A declared setting takes what it says and nothing else, and what is stored comes back."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandweave.errors import SettingError
from bandweave.methods import METHODS
from bandweave.settings import Declared, setting
from bandweave.sources import SOURCES
from bandweave.tasks import TASKS

REGISTRIES = [*METHODS.values(), *TASKS.values(), *SOURCES.values()]
DECLARED = [(owner, each) for owner in REGISTRIES for each in owner.settings()]


@st.composite
def possible(draw, declared) -> object:
    """Draw a value that a declaration allows."""
    if declared.kind == "choice":
        return draw(st.sampled_from(declared.choices))
    if declared.kind == "flag":
        return draw(st.booleans())
    low = -1e9 if declared.minimum is None else declared.minimum
    high = 1e9 if declared.maximum is None else declared.maximum
    if declared.kind == "integer":
        return draw(st.integers(int(low), int(high)))
    return draw(st.floats(low, high))


@given(st.data())
def test_what_is_allowed_comes_back_from_json_and_from_text(data):
    _, declared = data.draw(st.sampled_from([pair for pair in DECLARED if pair[1].label]))
    value = data.draw(possible(declared))
    assert declared.parse(json.loads(json.dumps(declared.parse(value)))) == value
    assert declared.parse(repr(value) if isinstance(value, float) else str(value)) == value


@given(st.data(), st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_outside_its_limits_is_refused_with_them(data, number):
    numbers = [each for _, each in DECLARED if each.kind in ("integer", "number")]
    declared = data.draw(st.sampled_from(numbers))
    low = float("-inf") if declared.minimum is None else declared.minimum
    high = float("inf") if declared.maximum is None else declared.maximum
    finite = abs(number) != float("inf") and number == number
    whole = declared.kind == "number" or (finite and number == int(number))
    if finite and whole and low <= number <= high:
        assert declared.parse(number) == number
    else:
        with pytest.raises(SettingError, match=f"{declared.label} cannot be") as refused:
            declared.parse(number)
        assert refused.value.hint.startswith("Give ")


@given(st.text(max_size=12))
def test_words_are_no_numbers_and_no_choices(text):
    @dataclass(frozen=True)
    class Made(Declared):
        count: int = setting(1, "Count", minimum=0)
        kind: str = setting("one", "Kind", choices=("one", "two"))

    declared = dict(zip(("count", "kind"), Made.settings(), strict=True))
    if text.strip() not in ("one", "two"):
        with pytest.raises(SettingError):
            declared["kind"].parse(text)
    if text.strip().isdecimal():
        assert declared["count"].parse(text) == int(text)
    elif not any(character.isdigit() for character in text):
        with pytest.raises(SettingError, match="Count cannot be"):
            declared["count"].parse(text)


@dataclass(frozen=True)
class Renamed(Declared):
    masks: int = setting(3, "Masks", minimum=1, formerly=("lessons", "holes"))


@pytest.mark.parametrize("name", ["masks", "lessons", "holes"])
def test_what_was_stored_under_an_earlier_name_is_read(name):
    assert Renamed.from_values({name: 5}).values() == {"masks": 5}
