// What lies over the images: labels, scale bar, read-out, buttons and the swipe's divider.

const BRIEF_BELOW = 130; // panels less tall have no room for a legend
const NARROW_BELOW = 145; // nor less wide ones for its unit

const ICONS = {
  in: '<path d="M12 5v14M5 12h14"/>',
  out: '<path d="M5 12h14"/>',
  fit: '<path d="M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4"/>',
  full: '<path d="M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7"/>',
  area: '<rect x="4" y="6" width="16" height="12" rx="1" stroke-dasharray="3.2 2.8"/>',
  clear: '<path d="M6 6l12 12M18 6L6 18"/>',
  swipe: '<path d="M9 7l-5 5 5 5M15 7l5 5-5 5"/>',
};

function icon(name) {
  return `<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;
}

function element(tag, className, attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

class Furniture {
  constructor(root, act) {
    this.named = [];
    this.labels = root.appendChild(element("div", "labels"));
    this.scale = root.appendChild(element("div", "scale", { "aria-hidden": "true" }));
    this.reading = root.appendChild(element("div", "reading", { "aria-live": "off" }));
    this.divider = root.appendChild(
      element("div", "divider", {
        role: "slider", tabindex: "0", "aria-label": "Swipe between the two images",
        "aria-valuemin": "0", "aria-valuemax": "100",
      }),
    );
    this.divider.innerHTML = `<span>${icon("swipe")}</span>`;
    this.bar = root.appendChild(element("div", "bar", { role: "toolbar", "aria-label": "View" }));
    this.draw = this.button("area", "Draw an area", icon("area"), act);
    this.clear = this.button("clear", "Clear the area", icon("clear"), act);
    this.button("in", "Zoom in", icon("in"), act);
    this.button("out", "Zoom out", icon("out"), act);
    this.button("fit", "Show the whole image", icon("fit"), act);
    this.button("one", "One image pixel a screen pixel", "1:1", act);
    if (document.fullscreenEnabled) this.button("full", "Full screen", icon("full"), act);
  }

  button(action, title, face, act) {
    const button = element("button", "", { type: "button", title, "aria-label": title });
    button.innerHTML = face;
    // a click that no pointer made: Enter or Space
    button.addEventListener("click", (event) => act(action, event.detail === 0));
    return this.bar.appendChild(button);
  }

  /** Show whether areas can be drawn, are being drawn, and can be cleared. */
  offerArea(area) {
    this.draw.hidden = this.clear.hidden = !area.enabled;
    this.draw.setAttribute("aria-pressed", String(area.tool));
    this.clear.disabled = !area.box;
  }

  /** Label the panels, or both sides of a swipe. */
  name(layers, places, swiping) {
    this.labels.replaceChildren();
    this.named = layers.map((layer, i) => {
      const place = swiping ? places[0] : places[i];
      const label = new Label(layer);
      const { style, classList } = label.root;
      style.top = `${place.y + 8}px`;
      style.width = `${(swiping ? place.width / 2 : place.width) - 16}px`;
      style.left = `${place.x + 8 + (swiping && i ? place.width / 2 : 0)}px`;
      classList.toggle("right", swiping && i > 0);
      classList.toggle("brief", place.height < BRIEF_BELOW);
      classList.toggle("narrow", place.width < NARROW_BELOW);
      this.labels.append(label.root);
      if (layer.awaited) this.await(layer.awaited, place);
      return label;
    });
  }

  /** Show each layer's bands under the cursor, or nothing. */
  showValues(found) {
    this.named.forEach((label, i) => label.show(found && found[i]));
  }

  /** Say in a panel's middle that its image is still to come. */
  await(word, place) {
    const waiting = this.labels.appendChild(element("div", "awaited"));
    waiting.append(element("i", ""), word);
    waiting.style.left = `${place.x + place.width / 2}px`;
    waiting.style.top = `${place.y + place.height / 2}px`;
  }

  measure(metresAPixel, place) {
    const [metres, pixels] = roundLength(metresAPixel, Math.min(96, place.width / 3));
    this.scale.textContent = metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
    this.scale.style.width = `${pixels}px`;
    this.scale.style.left = `${place.x + 10}px`;
    this.scale.style.top = `${place.y + place.height - 30}px`;
  }

  place(divided, swiping, place) {
    this.divider.hidden = !swiping;
    this.divider.style.left = `${divided * place.width}px`;
    this.divider.setAttribute("aria-valuenow", Math.round(divided * 100));
  }
}
