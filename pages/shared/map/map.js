// What our maps add to Leaflet: a graticule as the ground where no base map comes, the view kept
// over reloads, one drawn rectangle at a time, and a swipe between two layers.

(() => {
  const STEPS = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
  const APART = 110;

  /** The lines of whole degrees (or parts of them) in view, with their names at two edges. */
  class Graticule {
    constructor(map) {
      this.map = map;
      // below the tiles: a base map that arrives covers it
      map.createPane("graticule").style.zIndex = 150;
      this.lines = L.layerGroup().addTo(map);
      map.on("moveend viewreset resize", () => this.draw());
      this.draw();
    }

    draw() {
      const { map, lines } = this;
      lines.clearLayers();
      const box = map.getBounds().pad(0.2);
      const wide = box.getEast() - box.getWest();
      const room = Math.max(2, (map.getSize().x * 1.4) / APART);
      const step = STEPS.findLast((size) => wide / size <= room) ?? STEPS[0];
      const digits = Math.max(0, Math.ceil(-Math.log10(step)));
      const places = (from, to) => {
        const first = Math.ceil(from / step), count = Math.floor(to / step) - first + 1;
        return Array.from({ length: Math.max(0, count) }, (_, i) => (first + i) * step);
      };
      const seen = map.getBounds();
      for (const x of places(box.getWest(), box.getEast()))
        this.line([[box.getSouth(), x], [box.getNorth(), x]], [seen.getNorth(), x], this.name(x, digits, "E", "W"), "up");
      for (const y of places(Math.max(-85, box.getSouth()), Math.min(85, box.getNorth())))
        this.line([[y, box.getWest()], [y, box.getEast()]], [y, seen.getEast()], this.name(y, digits, "N", "S"), "side");
    }

    line(ends, at, text, where) {
      const common = { pane: "graticule", interactive: false };
      L.polyline(ends, { ...common, className: "graticule-line", weight: 1 }).addTo(this.lines);
      const { x, y } = this.map.latLngToContainerPoint(at), size = this.map.getSize();
      // names in the corners would lie on each other
      if (where === "up" ? x < 50 || x > size.x - 110 : y < 30 || y > size.y - 30) return;
      const icon = L.divIcon({ className: `graticule-name ${where}`, html: text, iconSize: null });
      L.marker(at, { ...common, icon, keyboard: false }).addTo(this.lines);
    }

    name(degrees, digits, positive, negative) {
      const side = degrees < 0 ? negative : positive;
      return `${Math.abs(degrees).toFixed(digits)}°${Math.abs(degrees) < 1e-9 ? "" : side}`;
    }
  }

  /** Keep where the user looked, in this tab, under the name the page gave the map. */
  function keepView(map, name) {
    const key = `bandweave-map-${name}`;
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
    // after the page's own first view
    setTimeout(() => {
      if (kept) map.setView(kept.center, kept.zoom, { animate: false });
      map.on("moveend", () =>
        sessionStorage.setItem(key, JSON.stringify({ center: map.getCenter(), zoom: map.getZoom() })));
    });
  }

  /** Left of the divider one layer, right of it the other; dragged, or moved by the arrow keys. */
  L.Control.SideBySide = L.Control.extend({
    initialize(left, right) {
      this.layers = [left, right];
      this.share = 0.5;
    },

    addTo(map) {
      this.map = map;
      const divider = (this.divider = L.DomUtil.create("div", "divider", map.getContainer()));
      Object.entries({ role: "slider", tabindex: 0, "aria-label": "Swipe between the two layers",
        "aria-valuemin": 0, "aria-valuemax": 100 }).forEach(([key, value]) => divider.setAttribute(key, value));
      L.DomUtil.create("div", "grip", divider);
      L.DomEvent.disableClickPropagation(divider);
      divider.addEventListener("pointerdown", (event) => {
        event.stopPropagation();
        divider.setPointerCapture(event.pointerId);
      });
      divider.addEventListener("pointermove", (event) => {
        if (!divider.hasPointerCapture(event.pointerId)) return;
        const box = map.getContainer().getBoundingClientRect();
        this.slide((event.clientX - box.left) / box.width);
      });
      divider.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
        if (!step) return;
        event.preventDefault();
        event.stopPropagation();
        this.slide(this.share + step);
      });
      map.on("move zoom viewreset resize layeradd", () => this.clip());
      this.clip();
      return this;
    },

    slide(share) {
      this.share = Math.min(0.98, Math.max(0.02, share));
      this.clip();
    },

    clip() {
      const size = this.map.getSize(), at = size.x * this.share;
      this.divider.style.left = `${at}px`;
      this.divider.setAttribute("aria-valuenow", Math.round(this.share * 100));
      const [top, bottom] = [[0, 0], [size.x, size.y]].map((corner) => this.map.containerPointToLayerPoint(corner));
      const middle = top.x + at;
      this.layers.forEach((layer, side) => {
        const [from, to] = side ? [middle, bottom.x] : [top.x, middle];
        const box = layer.getContainer?.();
        // clip-path does not work on the layer itself, which has no size of its own
        if (box) box.style.clip = `rect(${top.y}px, ${to}px, ${bottom.y}px, ${from}px)`;
      });
    },
  });
  L.control.sideBySide = (left, right) => new L.Control.SideBySide(left, right);

  L.Map.addInitHook(function () {
    this.attributionControl?.setPrefix(false);
    L.control.scale({ imperial: false }).addTo(this);
    new Graticule(this);
    if (this.options.remembered) keepView(this, this.options.remembered);
    this.on("draw:created", () => window.drawnItems?.clearLayers?.());
  });
})();
