"""The viewer by hand: where image pixels are on the screen, and mouse and fingers on them."""

from playwright.sync_api import expect

VIEWER = "el => el.getRootNode().querySelector('.viewer').viewer"
"""The script object behind the viewer's canvas, which knows its view and its panels."""


expect.set_options(timeout=30_000)  # the machine that runs the tests may be busy


def open_stage(screen, stage, query, width=1280, height=800):
    """Open the page that shows nothing but the viewer; return the viewer's canvas, drawn."""
    screen.set_viewport_size({"width": width, "height": height})
    screen.goto(f"{stage}/?{query}")
    canvas = screen.locator(".viewer canvas")
    expect(canvas).to_be_visible()
    expect(screen.get_by_text("drawn None")).to_be_visible()
    return canvas


def until(screen, expression, timeout=60_000):
    """Wait until an expression is true; Playwright's own waiting breaks the pages' policy."""
    for _ in range(timeout // 100):
        if screen.evaluate(expression):
            return
        screen.wait_for_timeout(100)
    raise AssertionError(f"It did not come true: {expression}")


def view(canvas):
    """Return the shared view: scale in CSS pixels a column, column and row at the centre."""
    return canvas.evaluate(
        f"""el => {{
          const {{ scale, rowScale, column, row }} = ({VIEWER})(el).view;
          return {{ scale, rowScale, column, row }};
        }}"""
    )


def at(canvas, column, row, panel=0):
    """Return where an image position is on the screen."""
    return canvas.evaluate(
        f"""(el, [column, row, panel]) => {{
          const viewer = ({VIEWER})(el), place = viewer.layout.places[panel];
          const [x, y] = viewer.view.toPanel(place, column, row);
          const box = el.getBoundingClientRect();
          return [box.left + place.x + x, box.top + place.y + y];
        }}""",
        [column, row, panel],
    )


def drag(canvas, start, end, panel=0):
    """Drag from one image position to another with the mouse."""
    mouse = canvas.page.mouse
    mouse.move(*at(canvas, *start, panel))
    mouse.down()
    mouse.move(*at(canvas, *end, panel), steps=5)
    mouse.up()


def touch(canvas, *steps):
    """Put fingers on places of the screen, move them step by step and lift them."""
    session = canvas.page.context.new_cdp_session(canvas.page)
    for number, step in enumerate(steps):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(step)]
        kind = "touchMove" if number else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        canvas.page.wait_for_timeout(30)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
