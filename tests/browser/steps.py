"""What a user does on the app's pages, step by step."""

import re

from playwright.sync_api import expect

from tests.browser.hands import drag, until

QUIET = '[data-testid="stApp"][data-test-script-state="notRunning"]'
DRESSED = "getComputedStyle(document.querySelector('.stApp')).getPropertyValue('--card') !== ''"
"""The app's own rules apply: on a busy machine they may come after a page has been drawn."""
CALM, CALM_WITHIN = 4, 600
"""Tenths of a second: how long a page must stay as it is to be settled, and how long that takes."""
IMPORTED_WITHIN = 90_000
"""Generous: the machine that runs the tests may be busy."""


def uploaded(screen, *files):
    """Open the import, upload files, and wait until the page says what they will make."""
    screen.goto("/imagery")
    screen.get_by_role("radio", name="Import").click()
    screen.locator("input[type=file]").set_input_files(files)
    expect(screen.get_by_text("This makes")).to_be_visible(timeout=IMPORTED_WITHIN)


def imported(screen, name):
    """Import under a name, and wait for the scene to be shown."""
    field = screen.get_by_role("textbox", name="Name")
    field.fill(name)
    field.press("Enter")
    screen.get_by_role("button", name="Import", exact=True).click()
    expect(screen.get_by_role("combobox", name="Scene")).to_have_value(
        name, timeout=IMPORTED_WITHIN
    )
    screen.wait_for_selector(QUIET)
    expect(screen.locator(".scene-facts")).to_be_visible()


def scene_id(screen):
    """Return the scene that the address names."""
    return re.search(r"scene=([\w-]+)", screen.url)[1]


def canvas(screen):
    """Return the viewer's canvas, once the page has settled."""
    found, calm = screen.locator(".viewer canvas"), 0
    for _ in range(CALM_WITHIN):
        # as the page is drawn anew, the old viewer stands beside the new one
        one = found.count() == 1 and found.first.is_visible()
        calm = calm + 1 if one and screen.locator(QUIET).count() else 0
        if calm == CALM:
            return found
        screen.wait_for_timeout(100)
    raise AssertionError("The page did not settle with one viewer on it.")


def drawn(screen, start, end):
    """Draw an area from one image position (column, row) to another."""
    screen.get_by_role("radio", name="Area of interest").click()
    expect(screen.get_by_role("button", name="Use this area")).to_be_visible()
    images = canvas(screen)
    screen.get_by_role("button", name="Draw an area").click()
    drag(images, start, end)


def chosen(screen, method, wanted=True):
    """Click the card anywhere: all of it is the checkbox's label."""
    # another card's settings come or go, and the page moves
    screen.wait_for_selector(QUIET)
    until(screen, DRESSED)
    card = screen.locator(f".st-key-method-{method}")
    box = card.get_by_role("checkbox")
    expect(box).to_be_checked(checked=not wanted)
    card.click(position={"x": 200, "y": 60})
    expect(box).to_be_checked(checked=wanted)
