// Image pyramids: level 0 is the image's own pixels, level n halves it n times.

const KEPT_TILES = 240;
const RETRIES = 3;
const RETRY_AFTER = 1500;
const FADE = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 180; // ms

/** Tiles by address, loaded when first asked for; the least recently used are dropped. */
class TileCache {
  constructor(loaded) {
    this.loaded = loaded;
    this.tiles = new Map();
  }

  /** Return the tile if it is there; ask for it if `wanted`. */
  get(url, wanted) {
    let tile = this.tiles.get(url);
    if (!tile && wanted) tile = this.load(url, 0);
    if (!tile) return null;
    this.tiles.delete(url);
    this.tiles.set(url, tile);
    return tile.since ? tile : null;
  }

  load(url, attempt) {
    const tile = { image: new Image(), since: 0 }; // when it was loaded
    this.tiles.set(url, tile);
    tile.image.decoding = "async";
    tile.image.onload = () => {
      tile.since = performance.now();
      this.loaded();
    };
    // a server that is just restarting answers again soon
    tile.image.onerror = () => {
      if (attempt < RETRIES) setTimeout(() => this.tiles.get(url) === tile && this.load(url, attempt + 1), RETRY_AFTER);
    };
    tile.image.src = url;
    if (this.tiles.size > KEPT_TILES) this.tiles.delete(this.tiles.keys().next().value);
    return tile;
  }
}

function address(layer, level, x, y) {
  return layer.tiles.replace("{z}", level).replace("{x}", x).replace("{y}", y);
}

/**
 * Draw what a panel shows of a layer, over an earlier one until it is there. Edges fall on whole
 * device pixels, the same ones for neighbours, so that no line ever shows between two tiles.
 * Return "settled", "fading" (draw again soon) or "waiting" (for tiles).
 */
function drawLayer(context, cache, layer, view, panel, density, role = "only") {
  if (!layer.tiles) return "settled";
  let state = "settled";
  const { width, height } = view.image;
  const sharpness = view.scale * density;
  const level = Math.min(layer.levels - 1, Math.max(0, Math.floor(Math.log2(1 / sharpness) + 0.35)));
  const side = layer.tile * 2 ** level;
  const [left, top] = view.toImage(panel, 0, 0);
  const [right, bottom] = view.toImage(panel, panel.width, panel.height);
  context.save();
  context.beginPath();
  context.roundRect(panel.x * density, panel.y * density, panel.width * density, panel.height * density, 8 * density);
  context.clip();
  context.imageSmoothingEnabled = sharpness < 2; // closer, one sees the pixels themselves
  const snapped = (column, row) => {
    const [x, y] = view.toPanel(panel, column, row);
    return [Math.round((panel.x + x) * density), Math.round((panel.y + y) * density)];
  };
  for (let y = Math.max(0, Math.floor(top / side)); y * side < Math.min(height, bottom); y++) {
    for (let x = Math.max(0, Math.floor(left / side)); x * side < Math.min(width, right); x++) {
      const found = nearestTile(cache, layer, level, x, y, view.image, role !== "below");
      if (!found) {
        state = "waiting";
        continue;
      }
      const [x0, y0] = snapped(x * side, y * side);
      const [x1, y1] = snapped(Math.min(width, (x + 1) * side), Math.min(height, (y + 1) * side));
      const { image, since, from } = found;
      const share = role === "above" ? Math.min(1, (performance.now() - since) / FADE) : 1;
      if (share < 1 && state === "settled") state = "fading";
      context.globalAlpha = share;
      context.drawImage(image, from.x, from.y, from.width, from.height, x0, y0, x1 - x0, y1 - y0);
    }
  }
  context.restore();
  return state;
}

/** The tile itself, or its part of the closest coarser one that is loaded already. */
function nearestTile(cache, layer, level, x, y, image, wanted) {
  for (let up = 0; level + up < layer.levels; up++) {
    const [px, py] = [x >> up, y >> up];
    const last = level + up === layer.levels - 1;
    const tile = cache.get(address(layer, level + up, px, py), wanted && (up === 0 || last));
    if (!tile) continue;
    const side = layer.tile * 2 ** level;
    const parent = layer.tile * 2 ** (level + up);
    const spanX = Math.min(parent, image.width - px * parent);
    const spanY = Math.min(parent, image.height - py * parent);
    const [perColumn, perRow] = [tile.image.naturalWidth / spanX, tile.image.naturalHeight / spanY];
    const from = {
      x: (x * side - px * parent) * perColumn,
      y: (y * side - py * parent) * perRow,
      width: Math.min(side, image.width - x * side) * perColumn,
      height: Math.min(side, image.height - y * side) * perRow,
    };
    return { ...tile, from };
  }
  return null;
}
