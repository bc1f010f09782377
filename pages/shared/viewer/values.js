// What the pixel under the cursor is worth in every layer: asked for sparingly, and remembered.

const ASKED_EVERY = 100; // ms
const KEPT_VALUES = 2000;

class Values {
  /**
   * `shown` is told a list of bands for each layer (null where nothing is known), or null, and the
   * pixel's longitude and latitude where they are known.
   */
  constructor(shown) {
    this.shown = shown;
    this.known = new Map();
    this.asked = 0;
    this.wanted = "";
  }

  /** Ask for a pixel of some layers, or for none; only the last wish counts. */
  want(address, layers, pixel) {
    const ids = layers.map((layer) => layer.id).filter(Boolean);
    const url = pixel && ids.length
      ? address.replace("{row}", pixel.row).replace("{column}", pixel.column).replace("{layers}", ids.join(","))
      : "";
    if (url && url === this.wanted && !this.told) return; // on its way
    this.wanted = url;
    this.layers = layers;
    clearTimeout(this.waiting);
    this.request?.abort();
    this.told = !url || this.known.has(url);
    if (!url) this.shown(null);
    else if (this.told) this.tell(this.known.get(url));
    else this.waiting = setTimeout(() => this.ask(url), Math.max(0, this.asked + ASKED_EVERY - Date.now()));
  }

  async ask(url) {
    this.asked = Date.now();
    this.request = new AbortController();
    try {
      const answer = await fetch(url, { signal: this.request.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      this.known.set(url, await answer.json());
    } catch {
      if (url !== this.wanted) return; // aborted
      this.wanted = "";
      this.shown(null);
      return;
    }
    if (this.known.size > KEPT_VALUES) this.known.delete(this.known.keys().next().value);
    if (url !== this.wanted) return;
    this.told = true;
    this.tell(this.known.get(url));
  }

  /** Give each layer its bands; layers without an image were not asked for. */
  tell({ values, degrees }) {
    let next = 0;
    this.shown(this.layers.map((layer) => (layer.id ? values[next++] : null)), degrees);
  }
}

/** Digits after the point that tell apart a thousandth of a stretch; radar's noise needs fewer. */
function digitsOf(legend, band) {
  if (legend.unit === "dB") return 1;
  const span = legend.upper[band] - legend.lower[band];
  return Math.min(6, Math.max(0, Math.ceil(3 - Math.log10(span))));
}

/** "10.8512° N 106.6721° E": to some ten metres. */
function degreesText([longitude, latitude]) {
  const side = (value, [positive, negative]) => `${Math.abs(value).toFixed(4)}° ${value < 0 ? negative : positive}`;
  return `${side(latitude, "NS")} ${side(longitude, "EW")}`;
}

/** A value as text, with the minus that is as wide as a digit; `signed` writes the plus too. */
function valueText(value, digits, signed = false) {
  const size = Math.abs(value).toFixed(digits);
  if (Number(size) === 0) return size;
  if (value < 0) return `−${size}`;
  return signed ? `+${size}` : size;
}
