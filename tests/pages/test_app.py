from streamlit.testing.v1 import AppTest

from tests.pages.shown import ROOT


def test_the_app_opens_on_the_overview_and_leads_to_every_page(demo_scene, waiting_engine):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    assert not app.exception
    assert app.title[0].value == "Fuse radar and optical imagery"
    app.switch_page("pages/methods.py").run()
    assert not app.exception
    assert app.title[0].value == "Methods"


def test_a_choice_survives_a_change_of_page(demo_scene, waiting_engine):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    app.number_input(key="shallow-cnn-epochs").set_value(9).run()
    app.switch_page("pages/methods.py").run()
    app.switch_page("pages/home.py").run()
    assert app.number_input(key="shallow-cnn-epochs").value == 9
