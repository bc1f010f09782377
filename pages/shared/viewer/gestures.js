// What pointers, the wheel and keys do to the view and to the area box.

const WHEEL = 0.0016;
const PAN = 48; // CSS pixels an arrow key moves the image by
const TAP_WITHIN = 500;
const TAP_MOVES = 10;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class Gestures {
  constructor(viewer) {
    this.viewer = viewer;
    this.pointers = new Map(); // id to { x, y, place }, relative to the panel it was pressed in
    this.tap = null;
    const { canvas } = viewer;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.release(event));
    canvas.addEventListener("pointercancel", (event) => this.abandon(event));
    canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && viewer.read(null));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("dblclick", (event) => this.doubleClick(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    viewer.area.handle.addEventListener("keydown", (event) => this.areaKey(event));
    this.listenToDivider(viewer.furniture.divider);
  }

  /** Where a pointer is in its panel: the one it was pressed in, else the one under it. */
  locate(event, pressedIn) {
    const { canvas, layout } = this.viewer;
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const inside = (place) => x >= place.x && y >= place.y && x < place.x + place.width && y < place.y + place.height;
    const place = pressedIn ?? layout.places.find(inside) ?? layout.places[0];
    return { x: x - place.x, y: y - place.y, place };
  }

  position({ x, y }) {
    return this.viewer.view.toImage(this.viewer.layout, x, y);
  }

  press(event) {
    const { viewer, pointers } = this;
    const { area } = viewer;
    viewer.canvas.focus({ preventScroll: true });
    viewer.canvas.setPointerCapture(event.pointerId);
    const [first] = pointers.values();
    const at = this.locate(event, first?.place);
    pointers.set(event.pointerId, at);
    this.tap = first || event.pointerType === "mouse" ? null : { ...at, since: event.timeStamp };
    if (first) area.cancel();
    else if (event.button === 0 && area.enabled) this.takeHold(event, at);
    viewer.redraw();
  }

  takeHold(event, at) {
    const { viewer } = this;
    const { area } = viewer;
    const held = area.hold(viewer.view, viewer.layout, at.x, at.y, event.pointerType);
    const byTouch = event.pointerType === "touch";
    if (event.shiftKey) area.begin(null, this.position(at), [at.x, at.y]);
    else if (area.tool || (held && !byTouch)) area.begin(held, this.position(at), [at.x, at.y]);
  }

  move(event) {
    const { viewer, pointers } = this;
    const before = pointers.get(event.pointerId);
    const now = this.locate(event, before?.place);
    if (before && pointers.size === 2) this.pinch(event.pointerId, now);
    else if (before && viewer.area.edit) viewer.area.drag(this.position(now), [now.x, now.y]);
    else if (before) this.drag(before, now, event);
    else this.showHold(now, event);
    if (before) pointers.set(event.pointerId, now);
    if (this.tap && Math.hypot(now.x - this.tap.x, now.y - this.tap.y) > TAP_MOVES) this.tap = null;
    if (event.pointerType === "mouse") viewer.read(this.position(now));
    viewer.redraw();
  }

  release(event) {
    const { viewer, pointers, tap } = this;
    pointers.delete(event.pointerId);
    if (viewer.area.edit) viewer.area.end();
    if (tap && event.timeStamp - tap.since < TAP_WITHIN) viewer.read(this.position(tap), true);
    this.tap = null;
    viewer.redraw();
  }

  /** The browser took the pointer away, to scroll the page perhaps. */
  abandon(event) {
    this.pointers.delete(event.pointerId);
    this.tap = null;
    this.viewer.area.cancel();
    this.viewer.redraw();
  }

  /** Let the cursor say what a press here would do. */
  showHold(now, event) {
    const { viewer } = this;
    const { area, canvas } = viewer;
    const held = area.enabled && !event.shiftKey && area.hold(viewer.view, viewer.layout, now.x, now.y, event.pointerType);
    let cursor = area.drawing ? "crosshair" : "";
    if (held === "inside") cursor = "move";
    else if (held) {
      const [across, down] = held;
      cursor = !down ? "ew-resize" : !across ? "ns-resize" : across === down ? "nwse-resize" : "nesw-resize";
    }
    canvas.style.cursor = cursor;
  }

  drag(before, now, event) {
    const { view } = this.viewer;
    // a finger on the fitted image scrolls the page
    if (event.pointerType === "touch" && view.atHome) return;
    view.moveTo(view.column - (now.x - before.x) / view.scale, view.row - (now.y - before.y) / view.rowScale);
  }

  /** Keep the image position between two fingers between them. */
  pinch(id, now) {
    const { view } = this.viewer;
    const [, other] = [...this.pointers].find(([key]) => key !== id);
    const before = this.pointers.get(id);
    const apart = (a) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
    view.moveTo(view.column - (now.x - before.x) / 2 / view.scale, view.row - (now.y - before.y) / 2 / view.rowScale);
    this.viewer.zoom(apart(now) / apart(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
  }

  wheel(event) {
    // the fitted image lets the page scroll on, instead of shrinking to a stamp
    if (event.deltaY > 0 && this.viewer.view.atHome && !event.ctrlKey) return;
    event.preventDefault();
    const { x, y } = this.locate(event);
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.viewer.zoom(Math.exp(-event.deltaY * lines * WHEEL * (event.ctrlKey ? 4 : 1)), x, y);
  }

  doubleClick(event) {
    const { x, y } = this.locate(event);
    if (!this.viewer.area.drawing) this.viewer.zoom(event.shiftKey ? 1 / 2 : 2, x, y);
  }

  key(event) {
    const { viewer } = this;
    const { view, area } = viewer;
    const [across, down] = ARROWS[event.key] ?? [0, 0];
    const acts = {
      "+": () => viewer.act("in"), "=": () => viewer.act("in"), "-": () => viewer.act("out"),
      0: () => viewer.act("fit"), Home: () => viewer.act("fit"), 1: () => viewer.act("one"), f: () => viewer.act("full"),
    };
    if (across || down)
      acts[event.key] = () => view.moveTo(view.column + (across * PAN) / view.scale, view.row + (down * PAN) / view.rowScale);
    if (area.enabled) {
      acts.Escape = () => area.escape();
      acts.a = () => viewer.act("area");
    }
    if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
    viewer.redraw();
  }

  areaKey(event) {
    const { viewer } = this;
    const clears = event.key === "Escape" || event.key === "Delete" || event.key === "Backspace";
    if (clears) {
      viewer.canvas.focus({ preventScroll: true });
      viewer.area.clear();
    } else if (!viewer.area.key(event, viewer.view)) return;
    event.preventDefault();
    event.stopPropagation();
    viewer.redraw();
  }

  listenToDivider(divider) {
    const { viewer } = this;
    divider.addEventListener("pointerdown", (event) => divider.setPointerCapture(event.pointerId));
    divider.addEventListener("pointermove", (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const box = viewer.canvas.getBoundingClientRect();
      viewer.slide((event.clientX - box.left) / box.width);
    });
    divider.addEventListener("keydown", (event) => {
      const [step] = ARROWS[event.key] ?? [0];
      if (!step) return;
      event.preventDefault();
      viewer.slide(viewer.divided + step * 0.02);
    });
  }
}
