import pytest
from streamlit.testing.v1 import AppTest

from bandweave.contracts.small_scene import make_grid
from bandweave.errors import RasterError
from bandweave.raster.grid import Window
from pages.shared.viewer.area import Area

FIRST, SECOND = Window(0, 0, 10, 10), Window(5, 5, 20, 30)


def test_the_newest_word_counts_and_the_browser_hears_only_what_it_does_not_know():
    area = Area(make_grid())
    area.state(FIRST)
    assert (area.drawn, area.revision) == (FIRST, 1)
    area.draw([5, 5, 20, 30])
    area.state(FIRST)
    assert (area.drawn, area.revision) == (SECOND, 1)
    area.state(SECOND)
    assert (area.drawn, area.revision) == (SECOND, 1)
    area.state(FIRST)
    assert (area.drawn, area.revision) == (FIRST, 2)


@pytest.mark.parametrize(
    "sent", [None, "no", [1, 2, 3], [0, 0, 0, 5], [90, 0, 10, 10], [0.5, 0, 1, 1], [True, 0, 1, 1]]
)
def test_what_is_no_window_of_the_grid_is_no_area(sent):
    area = Area(make_grid(96, 96), drawn=FIRST)
    area.draw(sent)
    assert area.drawn is None


def test_a_page_cannot_state_an_area_outside_the_grid():
    with pytest.raises(RasterError, match="not inside a grid of 96 x 96"):
        Area(make_grid(96, 96)).state(Window(0, 0, 97, 1))


def test_another_grid_begins_without_an_area():
    def page():
        import streamlit as st

        from bandweave.contracts.small_scene import make_grid
        from bandweave.raster.grid import Window
        from pages.shared.viewer import viewer

        side = st.number_input("Side", 10, 100, 96)
        stated = Window(1, 2, 3, 4) if st.checkbox("State") else True
        st.text(viewer(make_grid(side, side), [], key="v", area=stated))

    at = AppTest.from_function(page).run()
    assert at.text[0].value == "None"
    at.checkbox[0].check().run()
    at.checkbox[0].uncheck().run()
    assert at.text[0].value == str(Window(1, 2, 3, 4))
    at.number_input[0].set_value(50).run()
    assert at.text[0].value == "None" and not at.exception
