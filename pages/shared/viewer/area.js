// The box a user draws on the images: whole image pixels, the same ones in every panel.

const GRIP = { mouse: 7, pen: 12, touch: 20 }; // how near an edge takes hold of it, CSS pixels
const SHORTEST_DRAG = 5;
const GRIP_SHOWN = 8;
const KEYS_SETTLE = 500;

/** "1.28 × 0.96 km · 128 × 96 px", in metres where both sides are shorter than a kilometre. */
function sizeText({ left, top, right, bottom }, metres) {
  const [width, height] = [right - left, bottom - top];
  const sides = [width * metres[0], height * metres[1]];
  const far = Math.max(...sides) >= 1000;
  const digits = far || Math.min(...sides) < 10 ? 2 : 0;
  const lengths = sides.map((side) => Number((far ? side / 1000 : side).toFixed(digits)));
  return `${lengths.join(" × ")} ${far ? "km" : "m"} · ${width} × ${height} px`;
}

class AreaBox {
  /** `changed` is told [row, column, height, width], or null, once a change has come to its end. */
  constructor(root, changed) {
    this.changed = changed;
    this.box = null; // { left, top, right, bottom }
    this.edit = null;
    this.enabled = false;
    this.tool = false;
    this.handle = root.appendChild(element("div", "area", { role: "group", tabindex: "0" }));
    this.handle.hidden = true;
  }

  /** Take what Python says, unless it said so before: the user may have moved the box since. */
  update(given, image) {
    this.image = image;
    this.enabled = Boolean(given);
    if (!given) this.box = this.edit = null;
    if (!given || given.revision === this.revision) return;
    this.revision = given.revision;
    this.edit = null;
    const [row, column, height, width] = given.box ?? [];
    this.box = given.box && { left: column, top: row, right: column + width, bottom: row + height };
  }

  get drawing() {
    return this.enabled && this.tool;
  }

  /**
   * What a press at (x, y) of a panel takes hold of: the sides it moves, "inside", or nothing.
   * A box larger than what one sees is not in the way of moving the image.
   */
  hold(view, panel, x, y, pointer) {
    if (!this.box) return null;
    const [left, top, right, bottom] = this.onPanel(view, panel);
    const reach = GRIP[pointer] ?? GRIP.mouse;
    if (x < left - reach || x > right + reach || y < top - reach || y > bottom + reach) return null;
    const near = (low, high, at) => {
      const nearer = Math.abs(at - low) < Math.abs(at - high) ? -1 : 1;
      const inner = Math.min(reach, (high - low) / 4); // a small box keeps an inside
      const outside = nearer < 0 ? low - at : at - high;
      return outside > -inner ? nearer : 0;
    };
    const sides = [near(left, right, x), near(top, bottom, y)];
    if (sides[0] || sides[1]) return sides;
    const whole = left >= 0 && top >= 0 && right <= panel.width && bottom <= panel.height;
    return whole || this.tool ? "inside" : null;
  }

  onPanel(view, panel) {
    const { left, top, right, bottom } = this.box;
    return [...view.toPanel(panel, left, top), ...view.toPanel(panel, right, bottom)];
  }

  /** Begin to draw (`part` null), move or resize at an image position. */
  begin(part, position, screen) {
    this.edit = { part, from: position, screen, before: this.box };
  }

  drag(position, screen) {
    const { part, from, before } = this.edit;
    const moved = [position[0] - from[0], position[1] - from[1]];
    if (part === "inside") this.box = this.moved(before, ...moved.map(Math.round));
    else if (part) this.box = this.resized(before, part, position);
    else if (Math.hypot(screen[0] - this.edit.screen[0], screen[1] - this.edit.screen[1]) >= SHORTEST_DRAG)
      this.box = this.spanning(from, position);
  }

  end() {
    const { before } = this.edit;
    this.edit = null;
    if (JSON.stringify(before) !== JSON.stringify(this.box)) this.tell();
  }

  /** Undo what is under way, as if it had not begun. */
  cancel() {
    if (!this.edit) return;
    this.box = this.edit.before;
    this.edit = null;
  }

  escape() {
    if (this.edit) this.cancel();
    else if (this.box) this.clear();
    else this.tool = false;
  }

  clear() {
    if (!this.box) return;
    this.box = this.edit = null;
    this.tell();
  }

  tell() {
    clearTimeout(this.settling);
    const { box } = this;
    this.changed(box && [box.top, box.left, box.bottom - box.top, box.right - box.left]);
  }

  /** Every pixel touched between two positions. */
  spanning([x0, y0], [x1, y1]) {
    const { width, height } = this.image;
    const within = (value, most) => Math.min(most, Math.max(0, value));
    const pair = (a, b, size) => {
      const low = within(Math.floor(Math.min(a, b)), size - 1);
      return [low, Math.max(low + 1, within(Math.ceil(Math.max(a, b)), size))];
    };
    const [left, right] = pair(x0, x1, width);
    const [top, bottom] = pair(y0, y1, height);
    return { left, top, right, bottom };
  }

  moved({ left, top, right, bottom }, columns, rows) {
    const dx = Math.min(this.image.width - right, Math.max(-left, columns));
    const dy = Math.min(this.image.height - bottom, Math.max(-top, rows));
    return { left: left + dx, top: top + dy, right: right + dx, bottom: bottom + dy };
  }

  resized({ left, top, right, bottom }, [across, down], [column, row]) {
    const [x, y] = [Math.round(column), Math.round(row)];
    const [x0, x1] = [across < 0 ? x : left, across > 0 ? x : right];
    const [y0, y1] = [down < 0 ? y : top, down > 0 ? y : bottom];
    return this.spanning([x0, y0], [x1, y1]);
  }

  /** A box to begin with for those without a pointer: the middle of what is seen. */
  drawMiddle(view, panel) {
    const seen = this.spanning(view.toImage(panel, 0, 0), view.toImage(panel, panel.width, panel.height));
    const [width, height] = [seen.right - seen.left, seen.bottom - seen.top];
    const corner = (part) => [seen.left + width * part, seen.top + height * part];
    this.box = this.spanning(corner(0.25), corner(0.75));
    this.tell();
  }

  /** Arrows move by a few screen pixels, with shift they move the lower right corner. */
  key(event, view) {
    const [across, down] = ARROWS[event.key] ?? [0, 0];
    if (!this.box || (!across && !down)) return false;
    const columns = across * Math.max(1, Math.round(4 / view.scale));
    const rows = down * Math.max(1, Math.round(4 / view.rowScale));
    const { box } = this;
    const corner = [Math.max(box.left + 1, box.right + columns), Math.max(box.top + 1, box.bottom + rows)];
    this.box = event.shiftKey ? this.resized(box, [1, 1], corner) : this.moved(box, columns, rows);
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.tell(), KEYS_SETTLE);
    return true;
  }

  /** Put the element that takes the keys over the box in the first panel, and name it. */
  place(view, panel, metres) {
    this.handle.hidden = !this.box;
    if (!this.box) return;
    const [left, top, right, bottom] = this.onPanel(view, panel);
    const [x0, y0] = [Math.max(0, left), Math.max(0, top)];
    const [x1, y1] = [Math.min(panel.width, right), Math.min(panel.height, bottom)];
    Object.assign(this.handle.style, {
      left: `${panel.x + x0}px`,
      top: `${panel.y + y0}px`,
      width: `${Math.max(0, x1 - x0)}px`,
      height: `${Math.max(0, y1 - y0)}px`,
    });
    const label = `Area of ${sizeText(this.box, metres)}. Arrow keys move it, with Shift they resize it, Escape clears it.`;
    if (this.handle.getAttribute("aria-label") !== label) this.handle.setAttribute("aria-label", label);
  }

  /** Draw the box in a panel: what lies outside is darker. The context counts CSS pixels. */
  draw(context, view, panel, metres, colour) {
    if (!this.box) return;
    const [left, top, right, bottom] = this.onPanel(view, panel).map(Math.round);
    context.save();
    context.beginPath();
    context.roundRect(panel.x, panel.y, panel.width, panel.height, 8);
    context.clip();
    context.translate(panel.x, panel.y);
    context.beginPath();
    context.rect(0, 0, panel.width, panel.height);
    context.rect(left, top, right - left, bottom - top);
    context.fillStyle = "rgba(4, 10, 20, .45)";
    context.fill("evenodd");
    for (const [style, width] of [["#fff", 3], [colour, 1.5]]) {
      context.strokeStyle = style;
      context.lineWidth = width;
      context.strokeRect(left, top, right - left, bottom - top);
    }
    this.drawGrips(context, [left, top, right, bottom], colour);
    this.drawSize(context, panel, [left, top, right, bottom], metres);
    context.restore();
  }

  drawGrips(context, [left, top, right, bottom], colour) {
    const [wide, tall] = [right - left > 60, bottom - top > 60];
    const columns = wide ? [left, (left + right) / 2, right] : [left, right];
    const rows = tall ? [top, (top + bottom) / 2, bottom] : [top, bottom];
    context.fillStyle = "#fff";
    context.strokeStyle = colour;
    for (const x of columns)
      for (const y of rows) {
        if (wide && tall && x === columns[1] && y === rows[1]) continue;
        context.beginPath();
        context.rect(x - GRIP_SHOWN / 2, y - GRIP_SHOWN / 2, GRIP_SHOWN, GRIP_SHOWN);
        context.fill();
        context.stroke();
      }
  }

  drawSize(context, panel, [left, top, , bottom], metres) {
    const text = sizeText(this.box, metres);
    context.font = "600 11px sans-serif";
    const width = context.measureText(text).width + 14;
    if (width > panel.width - 8) return;
    const x = Math.min(panel.width - width - 4, Math.max(4, left));
    const below = bottom + 8 + 20 < panel.height ? bottom + 8 : Math.min(panel.height, bottom) - 28;
    const y = Math.max(Math.max(0, top) + 8, below);
    context.fillStyle = "rgba(11, 18, 32, .8)";
    context.beginPath();
    context.roundRect(x, y, width, 20, 6);
    context.fill();
    context.fillStyle = "#fff";
    context.textBaseline = "middle";
    context.fillText(text, x + 7, y + 10.5);
  }
}
