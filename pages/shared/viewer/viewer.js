// The linked viewer: two to nine panels that zoom and move together, or two under a swipe.

const WHEEL = 0.0016;
const STEP = 1.5;

class Viewer {
  constructor(root, data) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.cache = new TileCache(() => this.redraw());
    this.furniture = new Furniture(root, (action) => this.act(action));
    this.pointers = new Map();
    this.divided = 0.5;
    this.hover = null;
    this.frame = 0;
    this.listen();
    this.update(data);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(root);
  }

  update(data) {
    const image = { width: data.width, height: data.height, aspect: data.metres[1] / data.metres[0] };
    const before = this.data;
    const another = !before || ["width", "height"].some((side) => before[side] !== data[side]);
    this.data = data;
    if (another) this.view = new View(image);
    this.resize();
  }

  get swiping() {
    return this.data.mode === "swipe";
  }

  resize() {
    const width = Math.floor(this.root.clientWidth);
    if (!width) return;
    const { data } = this;
    const ratio = (data.height * data.metres[1]) / (data.width * data.metres[0]);
    const count = this.swiping ? 1 : data.layers.length;
    const full = document.fullscreenElement === this.root || this.root.matches(":fullscreen");
    const tallest = Math.min(data.tallest, Math.max(280, window.innerHeight * 0.8));
    this.layout = full
      ? arrangeWithin(count, width, window.innerHeight, ratio)
      : arrange(count, width, ratio, tallest);
    this.density = window.devicePixelRatio || 1;
    const height = full ? window.innerHeight : this.layout.total;
    if (!full) this.root.style.height = `${height}px`;
    this.canvas.width = Math.round(width * this.density);
    this.canvas.height = Math.round(height * this.density);
    if (this.view.atHome) this.view.home(this.layout, this.swiping);
    this.furniture.name(data.layers, this.layout.places, this.swiping);
    this.redraw();
  }

  redraw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    const { context, density, view, layout, data } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const place of layout.places) this.background(place);
    if (this.swiping) this.drawSwipe(layout.places[0]);
    else layout.places.forEach((place, i) => drawLayer(context, this.cache, data.layers[i], view, place, density));
    if (this.hover && layout.places.length > 1) this.drawCrosshairs();
    this.furniture.measure(data.metres[0] / view.scale, layout.places[0]);
    this.furniture.place(this.divided, this.swiping, layout.places[0]);
    this.canvas.style.touchAction = view.atHome ? "pan-y" : "none";
  }

  background(place) {
    const { context, density } = this;
    context.fillStyle = getComputedStyle(this.root).getPropertyValue("--ground");
    context.beginPath();
    context.roundRect(place.x * density, place.y * density, place.width * density, place.height * density, 8 * density);
    context.fill();
  }

  drawSwipe(place) {
    const { context, density } = this;
    const at = Math.round(place.width * this.divided * density);
    [[0, at], [at, place.width * density - at]].forEach(([x, width], i) => {
      context.save();
      context.beginPath();
      context.rect(x, 0, width, place.height * density);
      context.clip();
      drawLayer(context, this.cache, this.data.layers[i], this.view, place, density);
      context.restore();
    });
  }

  drawCrosshairs() {
    const { context, density, view } = this;
    context.setTransform(density, 0, 0, density, 0, 0);
    for (const place of this.layout.places) {
      const [x, y] = view.toPanel(place, ...this.hover);
      if (x < 0 || y < 0 || x > place.width || y > place.height) continue;
      for (const [style, width] of [["rgba(0,0,0,.55)", 3], ["#fff", 1]]) {
        context.strokeStyle = style;
        context.lineWidth = width;
        context.beginPath();
        context.moveTo(place.x + x - 8, place.y + y);
        context.lineTo(place.x + x + 8, place.y + y);
        context.moveTo(place.x + x, place.y + y - 8);
        context.lineTo(place.x + x, place.y + y + 8);
        context.stroke();
      }
    }
  }

  /** The panel under a pointer event and the position inside it. */
  locate(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const inside = (place) => x >= place.x && y >= place.y && x < place.x + place.width && y < place.y + place.height;
    const place = this.layout.places.find(inside) ?? this.layout.places[0];
    return { x: x - place.x, y: y - place.y };
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"])
      canvas.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => this.read(null));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("dblclick", (event) => {
      const { x, y } = this.locate(event);
      this.zoom(event.shiftKey ? 1 / 2 : 2, x, y);
    });
    canvas.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("fullscreenchange", () => {
      this.view.atHome = true;
      this.resize();
    });
    this.listenToDivider(this.furniture.divider);
  }

  listenToDivider(divider) {
    const slide = (at) => {
      this.divided = Math.min(0.98, Math.max(0.02, at));
      this.redraw();
    };
    divider.addEventListener("pointerdown", (event) => divider.setPointerCapture(event.pointerId));
    divider.addEventListener("pointermove", (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const box = this.canvas.getBoundingClientRect();
      slide((event.clientX - box.left) / box.width);
    });
    divider.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
      if (!step) return;
      event.preventDefault();
      slide(this.divided + step);
    });
  }

  press(event) {
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.locate(event));
  }

  move(event) {
    const now = this.locate(event);
    const before = this.pointers.get(event.pointerId);
    if (before && this.pointers.size === 1) this.drag(before, now, event);
    if (before && this.pointers.size === 2) this.pinch(event.pointerId, now);
    if (before) this.pointers.set(event.pointerId, now);
    if (event.pointerType === "mouse") this.read(this.view.toImage(this.layout, now.x, now.y));
  }

  drag(before, now, event) {
    // a finger on the fitted image scrolls the page
    if (event.pointerType === "touch" && this.view.atHome) return;
    const { view } = this;
    view.moveTo(view.column - (now.x - before.x) / view.scale, view.row - (now.y - before.y) / view.rowScale);
    this.redraw();
  }

  pinch(id, now) {
    const [, other] = [...this.pointers].find(([key]) => key !== id);
    const before = this.pointers.get(id);
    const apart = (a) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
    this.zoom(apart(now) / apart(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    const { view } = this;
    view.moveTo(view.column - (now.x - before.x) / 2 / view.scale, view.row - (now.y - before.y) / 2 / view.rowScale);
  }

  wheel(event) {
    // the fitted image lets the page scroll on, instead of shrinking to a stamp
    if (event.deltaY > 0 && this.view.atHome && !event.ctrlKey) return;
    event.preventDefault();
    const { x, y } = this.locate(event);
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.zoom(Math.exp(-event.deltaY * lines * WHEEL * (event.ctrlKey ? 4 : 1)), x, y);
  }

  zoom(factor, x, y) {
    const { view, layout } = this;
    view.zoom(layout, factor, x, y);
    const fitted = new View(view.image);
    fitted.home(layout, false);
    if (factor < 1 && view.scale <= fitted.scale) view.home(layout, false);
    this.redraw();
  }

  act(action) {
    const { view, layout } = this;
    if (action === "in") this.zoom(STEP);
    if (action === "out") this.zoom(1 / STEP);
    if (action === "fit") view.home(layout, false);
    if (action === "one") this.zoom(1 / (view.scale * this.density));
    if (action === "full") {
      if (document.fullscreenElement) document.exitFullscreen();
      else this.root.requestFullscreen();
    }
    this.redraw();
  }

  key(event) {
    const { view } = this;
    const [down, right] = [48 / view.rowScale, 48 / view.scale];
    const acts = {
      "+": () => this.act("in"), "=": () => this.act("in"), "-": () => this.act("out"),
      0: () => this.act("fit"), Home: () => this.act("fit"), 1: () => this.act("one"), f: () => this.act("full"),
      ArrowLeft: () => view.moveTo(view.column - right, view.row),
      ArrowRight: () => view.moveTo(view.column + right, view.row),
      ArrowUp: () => view.moveTo(view.column, view.row - down),
      ArrowDown: () => view.moveTo(view.column, view.row + down),
    };
    if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
    this.redraw();
  }

  /** Show where the cursor is, in pixels and map coordinates. */
  read(position) {
    const { data } = this;
    const [column, row] = (position ?? [-1, -1]).map(Math.floor);
    const inside = column >= 0 && row >= 0 && column < data.width && row < data.height;
    this.hover = inside ? position : null;
    const [a, , c, , e, f] = data.transform;
    const digits = Math.abs(a) < 0.1 ? 5 : 0;
    const [x, y] = inside ? [c + a * (column + 0.5), f + e * (row + 0.5)] : [0, 0];
    const place = `${x.toFixed(digits)}, ${y.toFixed(digits)}`;
    this.furniture.reading.textContent = inside ? `row ${row}  column ${column}   ${place}  ${data.crs}` : "";
    this.redraw();
  }

  close() {
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".viewer");
  if (root.viewer) root.viewer.update(data);
  else root.viewer = new Viewer(root, data);
  // called on every rerun as well as at the end: only then is the element gone
  return () => queueMicrotask(() => root.isConnected || root.viewer.close());
}
