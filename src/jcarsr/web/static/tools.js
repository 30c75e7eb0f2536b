// @ts-check
// The buttons below the picture, and the line above it.

import { byId, make } from "./dom.js";
import { bytes, size, time } from "./format.js";
import { text } from "./strings.js";
import { chosenWords } from "./words.js";

/** @typedef {import("./item.js").Item} Item */

/** @type {Record<string, string>} */
const FORMATS = { png: "PNG", jpg: "JPEG", webp: "WebP" };

export class Tools {
  #name = byId("name", HTMLElement);
  #outcome = byId("outcome", HTMLElement);
  #zoom = byId("zoom-level", HTMLElement);
  #edges = byId("edges", HTMLButtonElement);
  #again = byId("again", HTMLButtonElement);
  #format = byId("format", HTMLSelectElement);
  #download = byId("download", HTMLButtonElement);

  /**
   * @param {string[]} formats that the server writes
   * @param {{ edges: (wanted: boolean) => void, again: () => void, download: () => Promise<void> }} actions
   */
  constructor(formats, actions) {
    for (const [value, name] of Object.entries(FORMATS)) {
      if (formats.includes(value)) this.#format.append(make("option", { value }, name));
    }
    this.#again.addEventListener("click", actions.again);
    this.#edges.addEventListener("click", () => {
      const wanted = this.#edges.getAttribute("aria-pressed") !== "true";
      this.#edges.setAttribute("aria-pressed", String(wanted));
      actions.edges(wanted);
    });
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
    this.#edges.disabled = !result;
    this.#download.disabled = !result;
    this.#format.disabled = !result;
    this.#again.disabled = !task || item.active;
    this.#again.title = text("againWith", { options: chosenWords(options) });
  }
}
