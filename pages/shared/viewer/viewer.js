// The linked viewer: two to nine panels that zoom and move together, or two under a swipe.

const STEP = 1.5;

class Viewer {
  constructor(root, data, tell) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.cache = new TileCache(() => this.redraw());
    this.tell = tell;
    this.area = new AreaBox(root, (box) => this.tell("area", box));
    this.furniture = new Furniture(root, (action, byKey) => this.act(action, byKey));
    this.values = new Values((found, degrees) => this.tellValues(found, degrees));
    this.earlier = []; // what each panel showed before, until its own tiles are there
    this.divided = 0.5;
    this.hover = null;
    this.frame = 0;
    this.gestures = new Gestures(this);
    root.addEventListener("fullscreenchange", () => {
      this.view.atHome = true;
      this.resize();
    });
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
    this.earlier = another ? [] : data.layers.map((layer, i) => this.replaced(before.layers[i], layer, i));
    this.area.update(data.area, image);
    const names = data.layers.map((layer) => layer.label).join(", ");
    this.canvas.setAttribute("aria-label", `Imagery: ${names}. Arrow keys move, plus and minus zoom.`);
    this.resize();
    this.read(this.hover, this.pinned);
  }

  replaced(before, layer, i) {
    if (!before?.tiles || !layer.tiles) return null;
    return before.tiles === layer.tiles ? this.earlier[i] : this.earlier[i] ?? before;
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
      : arrange(count, width, ratio, tallest, data.columns);
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
    if (!this.frame && this.layout) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    const { context, density, view, layout, data } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const place of layout.places) this.background(place);
    if (this.swiping) this.drawSwipe(layout.places[0]);
    else layout.places.forEach((place, i) => this.drawPanel(i, place));
    if (this.hover && (layout.places.length > 1 || this.pinned)) this.drawCrosshairs();
    this.drawArea();
    this.furniture.measure(data.metres[0] / view.scale, layout.places[0]);
    this.furniture.place(this.divided, this.swiping, layout.places[0]);
    this.furniture.offerArea(this.area);
    this.canvas.style.touchAction = view.atHome && !this.area.drawing ? "pan-y" : "none";
  }

  drawArea() {
    const { area, context, density, view, layout, data } = this;
    const colour = getComputedStyle(this.root).getPropertyValue("--accent");
    context.setTransform(density, 0, 0, density, 0, 0);
    layout.places.forEach((place, i) => {
      if (data.layers[i].tiles) area.draw(context, view, place, data.metres, colour);
    });
    area.place(view, layout.places[0], data.metres);
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
      this.drawPanel(i, place);
      context.restore();
    });
  }

  drawPanel(i, place) {
    const { context, cache, view, density, earlier } = this;
    const layer = this.data.layers[i];
    if (!earlier[i]) {
      drawLayer(context, cache, layer, view, place, density);
      return;
    }
    drawLayer(context, cache, earlier[i], view, place, density, "below");
    const state = drawLayer(context, cache, layer, view, place, density, "above");
    if (state === "settled") earlier[i] = null;
    if (state !== "waiting") this.redraw();
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

  slide(at) {
    this.divided = Math.min(0.98, Math.max(0.02, at));
    this.redraw();
  }

  zoom(factor, x, y) {
    const { view, layout } = this;
    view.zoom(layout, factor, x, y);
    const fitted = new View(view.image);
    fitted.home(layout, false);
    if (factor < 1 && view.scale <= fitted.scale) view.home(layout, false);
    this.redraw();
  }

  act(action, byKey) {
    const { view, layout, area } = this;
    if (action === "in") this.zoom(STEP);
    if (action === "out") this.zoom(1 / STEP);
    if (action === "fit") view.home(layout, false);
    if (action === "one") this.zoom(1 / (view.scale * this.density));
    if (action === "area") {
      area.tool = !area.tool;
      if (area.tool && byKey && !area.box) area.drawMiddle(view, layout);
    }
    if (action === "clear") area.clear();
    if (action === "full") {
      if (document.fullscreenElement) document.exitFullscreen();
      else this.root.requestFullscreen();
    }
    this.redraw();
  }

  /** Show where the cursor is and what lies there; a tap pins it. */
  read(position, pinned = false) {
    const { data } = this;
    const [column, row] = (position ?? [-1, -1]).map(Math.floor);
    const inside = column >= 0 && row >= 0 && column < data.width && row < data.height;
    this.hover = inside ? position : null;
    this.pinned = inside && pinned;
    const [a, , c, , e, f] = data.transform;
    const digits = Math.abs(a) < 0.1 ? 5 : 0;
    const [x, y] = inside ? [c + a * (column + 0.5), f + e * (row + 0.5)] : [0, 0];
    const place = `${x.toFixed(digits)}, ${y.toFixed(digits)}`;
    this.place = inside ? `row ${row}  column ${column}   ${place}  ${data.crs}` : "";
    this.furniture.reading.textContent = this.place;
    this.values.want(data.values, data.layers, inside ? { row, column } : null);
    this.redraw();
  }

  tellValues(found, degrees) {
    this.furniture.showValues(found);
    this.furniture.reading.textContent = [this.place, degrees && degreesText(degrees)].filter(Boolean).join("   ");
  }

  close() {
    this.values.want("", [], null);
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".viewer");
  if (root.viewer) {
    root.viewer.tell = setStateValue;
    root.viewer.update(data);
  } else root.viewer = new Viewer(root, data, setStateValue);
  // called on every rerun as well as at the end: only then is the element gone
  return () => queueMicrotask(() => root.isConnected || root.viewer.close());
}
