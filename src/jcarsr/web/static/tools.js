// @ts-check
// The buttons below the picture, and the line above it.

import { byId, make } from "./dom.js";
import { bytes, size, time } from "./format.js";
import { text } from "./strings.js";
import { chosenWords } from "./words.js";

/** @typedef {import("./item.js").Item} Item */

/** @typedef {import("./viewer.js").MapKind} MapKind */

/** @type {Record<string, string>} */
const FORMATS = { png: "PNG", jpg: "JPEG", webp: "WebP" };

export class Tools {
  #name = byId("name", HTMLElement);
  #outcome = byId("outcome", HTMLElement);
  #zoom = byId("zoom-level", HTMLElement);
  /** @type {Record<MapKind, HTMLButtonElement>} */
  #maps = {
    gradient: byId("edges", HTMLButtonElement),
    detail: byId("detail", HTMLButtonElement),
  };
  #again = byId("again", HTMLButtonElement);
  #format = byId("format", HTMLSelectElement);
  #download = byId("download", HTMLButtonElement);

  /**
   * @param {string[]} formats that the server writes
   * @param {{ map: (kind: MapKind | null) => void, again: () => void, download: () => Promise<void> }} actions
   */
  constructor(formats, actions) {
    for (const [value, name] of Object.entries(FORMATS)) {
      if (formats.includes(value)) this.#format.append(make("option", { value }, name));
    }
    this.#again.addEventListener("click", actions.again);
    for (const kind of /** @type {const} */ (["gradient", "detail"])) {
      this.#maps[kind].addEventListener("click", () => {
        const wanted = this.#maps[kind].getAttribute("aria-pressed") !== "true";
        for (const button of Object.values(this.#maps)) button.setAttribute("aria-pressed", "false");
        this.#maps[kind].setAttribute("aria-pressed", String(wanted));
        actions.map(wanted ? kind : null);
      });
    }
    this.#download.addEventListener("click", async () => {
      this.#download.disabled = true;
      await actions.download();
      this.#download.disabled = false;
      this.#download.focus();
    });
  }

  get format() {
    return this.#format.value;
  }

  /** @param {number} zoom screen pixels a pixel */
  showZoom(zoom) {
    this.#zoom.textContent = text("percent", { value: Math.round(100 * zoom) });
  }

  /**
   * @param {Item} item
   * @param {import("./api.js").Options} options that pictures would be restored with now
   */
  update(item, options) {
    const { result, task } = item;
    this.#name.textContent = item.name;
    this.#outcome.textContent = result
      ? text("outcome", {
          size: size(result.width, result.height),
          bytes: bytes(result.bytes),
          format: FORMATS[result.format] ?? result.format,
          time: time(task?.job?.seconds ?? 0),
          weights: result.weights,
        })
      : "";
    for (const button of Object.values(this.#maps)) button.disabled = !result;
    this.#download.disabled = !result;
    this.#format.disabled = !result;
    this.#again.disabled = !task || item.active;
    this.#again.title = text("againWith", { options: chosenWords(options) });
  }
}
