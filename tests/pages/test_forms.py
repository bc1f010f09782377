import pytest
from streamlit.testing.v1 import AppTest


def form():
    import streamlit as st

    from bandweave.methods import METHODS
    from pages.shared.forms import setting_field

    method = METHODS["shallow-cnn"]
    values = {
        declared.name: setting_field(declared, declared.default, key=declared.name)
        for declared in method.settings()
    }
    st.session_state["built"] = method.from_values(values)


@pytest.fixture
def shown():
    return AppTest.from_function(form).run()


def test_the_fields_start_from_the_declared_defaults(shown):
    from bandweave.methods import METHODS

    assert not shown.exception
    assert shown.session_state["built"] == METHODS["shallow-cnn"]()


def test_every_kind_of_field_returns_what_was_chosen(shown):
    shown.number_input(key="patch").set_value(32)
    shown.number_input(key="learning_rate").set_value(0.01)
    shown.selectbox(key="radar").set_value("db")
    shown.toggle(key="mask").set_value(True)
    shown.run()
    built = shown.session_state["built"]
    assert (built.patch, built.learning_rate, built.radar, built.mask) == (32, 0.01, "db", True)


def test_the_limits_are_the_declarations(shown):
    field = shown.number_input(key="patch")
    assert (field.min, field.max, field.step) == (8, 512, 4)
