// What is said over each panel: its name, what its colours stand for, and the cursor's values.

class Label {
  constructor(layer) {
    this.layer = layer;
    this.root = element("div", "label");
    this.name = this.root.appendChild(element("div", "chip name"));
    this.name.append(layer.label);
    if (layer.note) this.name.appendChild(element("span", "note")).append(layer.note);
    this.name.title = [layer.label, layer.note, stretchText(layer.legend)].filter(Boolean).join("\n");
    this.tick = null;
    if (layer.legend?.colours.length) this.root.append(this.legend(layer.legend));
    this.values = this.root.appendChild(element("div", "chip values"));
  }

  legend(legend) {
    const row = element("div", "chip legend");
    const digits = Math.max(0, digitsOf(legend, 0) - (legend.unit === "dB" ? 1 : 2));
    const bar = element("i", "ramp");
    bar.style.background = `linear-gradient(to right, ${legend.colours.join(",")})`;
    this.tick = bar.appendChild(element("b", "tick"));
    this.tick.hidden = true;
    const [lower, upper] = [legend.lower[0], legend.upper[0]].map((end) => valueText(end, digits, legend.signed));
    row.append(lower, bar, upper);
    if (legend.unit) row.appendChild(element("span", "unit")).append(legend.unit);
    return row;
  }

  /** Show a pixel's bands; null where the panel has nothing to say. */
  show(bands) {
    const { legend } = this.layer;
    this.values.replaceChildren();
    if (this.tick) this.tick.hidden = !bands || bands[0] === null;
    if (!bands || !legend) return;
    if (bands.includes(null)) {
      this.values.append("no data");
      return;
    }
    bands.forEach((value, band) => {
      const text = valueText(value, digitsOf(legend, band), legend.signed);
      const part = this.values.appendChild(element("span", ""));
      if (bands.length > 1) part.appendChild(element("span", "band")).append(legend.bands[band]);
      part.append(legend.unit === "dB" ? `${text} dB` : text);
    });
    if (!this.tick) return;
    const share = (bands[0] - legend.lower[0]) / (legend.upper[0] - legend.lower[0]);
    this.tick.style.left = `${Math.min(1, Math.max(0, share)) * 100}%`;
  }
}

/** What a composite's colours span, band by band: too long for the panel, so a tooltip. */
function stretchText(legend) {
  if (!legend || legend.colours.length) return "";
  return legend.bands
    .map((band, i) => {
      const ends = [legend.lower[i], legend.upper[i]].map((end) => valueText(end, digitsOf(legend, i)));
      return `${band} ${ends.join(" to ")}${legend.unit ? ` ${legend.unit}` : ""}`;
    })
    .join("\n");
}
