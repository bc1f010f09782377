// Where panels lie on the canvas, and how image pixels map to the screen.
// Lengths are CSS pixels; image positions are (column, row), fractions included.

const GAP = 8;
const SMALLEST_PANEL = 150;
const SMALLEST_ALIGNED = 100;
const LARGEST_SCALE = 48;

/** How `count` panels share a width: as many columns as stay legible, rows evenly filled.
 * Where `wanted` is given, what stands below one another belongs together: so many or one. */
function arrange(count, width, ratio, tallest, wanted) {
  const fitting = (smallest) => Math.max(1, Math.floor((width + GAP) / (smallest + GAP)));
  const aligned = fitting(SMALLEST_ALIGNED) < wanted ? 1 : wanted;
  const rows = Math.ceil(count / (aligned || Math.min(count, fitting(SMALLEST_PANEL))));
  const columns = Math.ceil(count / rows);
  const panelWidth = Math.floor((width - GAP * (columns - 1)) / columns);
  const cap = rows > 1 ? tallest * 0.75 : tallest;
  return panels(count, columns, panelWidth, Math.floor(Math.min(panelWidth * ratio, cap)));
}

/** How they fill a given height too: the number of columns that shows the images largest. */
function arrangeWithin(count, width, height, ratio) {
  let best = null;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const panelWidth = Math.floor((width - GAP * (columns - 1)) / columns);
    const panelHeight = Math.floor((height - GAP * (rows - 1)) / rows);
    const shown = Math.min(panelWidth, panelHeight / ratio);
    if (!best || shown > best.shown) best = { shown, columns, panelWidth, panelHeight };
  }
  return panels(count, best.columns, best.panelWidth, best.panelHeight);
}

function panels(count, columns, width, height) {
  const places = Array.from({ length: count }, (_, i) => ({
    x: (i % columns) * (width + GAP),
    y: Math.floor(i / columns) * (height + GAP),
    width,
    height,
  }));
  const rows = Math.ceil(count / columns);
  return { places, width, height, total: rows * height + GAP * (rows - 1) };
}

/** One view shared by all panels: the image position at a panel's centre, and the scale. */
class View {
  constructor(image) {
    this.image = image; // { width, height, aspect }: a pixel is `aspect` times as tall as wide
    this.column = image.width / 2;
    this.row = image.height / 2;
    this.scale = 1; // CSS pixels an image column
    this.atHome = true; // untouched since it was last fitted
  }

  get rowScale() {
    return this.scale * this.image.aspect;
  }

  /** Show the whole image, or as much as covers the panel. */
  home(panel, cover) {
    const across = panel.width / this.image.width;
    const down = panel.height / (this.image.height * this.image.aspect);
    this.scale = cover ? Math.max(across, down) : Math.min(across, down);
    this.column = this.image.width / 2;
    this.row = this.image.height / 2;
    this.atHome = true;
  }

  toImage(panel, x, y) {
    return [
      this.column + (x - panel.width / 2) / this.scale,
      this.row + (y - panel.height / 2) / this.rowScale,
    ];
  }

  toPanel(panel, column, row) {
    return [
      (column - this.column) * this.scale + panel.width / 2,
      (row - this.row) * this.rowScale + panel.height / 2,
    ];
  }

  /** Change the scale; the image position under (x, y) stays there. */
  zoom(panel, factor, x = panel.width / 2, y = panel.height / 2) {
    const [column, row] = this.toImage(panel, x, y);
    const smallest = Math.min(panel.width / this.image.width, panel.height / this.image.height) / 4;
    this.scale = Math.min(LARGEST_SCALE, Math.max(Math.min(smallest, 1), this.scale * factor));
    const [nowColumn, nowRow] = this.toImage(panel, x, y);
    this.moveTo(this.column + column - nowColumn, this.row + row - nowRow);
  }

  /** Put an image position at the centre; the image cannot be lost from sight. */
  moveTo(column, row) {
    this.column = Math.min(this.image.width, Math.max(0, column));
    this.row = Math.min(this.image.height, Math.max(0, row));
    this.atHome = false;
  }
}

/** The longest round length that fits `pixels` at `metres` a pixel: [metres, pixels]. */
function roundLength(metres, pixels) {
  const longest = metres * pixels;
  const power = 10 ** Math.floor(Math.log10(longest));
  const length = [5, 2, 1].map((n) => n * power).find((n) => n <= longest) ?? power;
  return [length, length / metres];
}
