// @ts-check
// An <img> that shows one thing at a time, fetched when it is wanted.

import { Problem } from "./api.js";
import { patiently } from "./patience.js";
import { text } from "./strings.js";

export class Layer {
  /** @type {"none" | "loading" | "ready" | "broken"} */
  state = "none";
  message = ""; // why it is broken
  #key = "";
  #url = "";
  #stop = new AbortController();
  #changed;

  /**
   * @param {HTMLImageElement} image
   * @param {() => void} changed is called when `state` changed by itself
   */
  constructor(image, changed) {
    this.image = image;
    this.#changed = changed;
  }

  get ready() {
    return this.state === "ready";
  }

  /**
   * @param {string} key names what is shown; the same key again changes nothing; "" = nothing
   * @param {(signal: AbortSignal) => Promise<Blob>} load
   * @param {string} alt
   */
  show(key, load, alt) {
    if (key === this.#key) return;
    this.#key = key;
    this.#stop.abort();
    this.#stop = new AbortController();
    this.image.removeAttribute("src");
    this.image.alt = alt;
    URL.revokeObjectURL(this.#url);
    this.state = key ? "loading" : "none";
    if (key) void this.#load(load, this.#stop.signal);
  }

  /**
   * @param {(signal: AbortSignal) => Promise<Blob>} load
   * @param {AbortSignal} signal
   */
  async #load(load, signal) {
    try {
      const blob = await patiently(() => load(signal), signal);
      signal.throwIfAborted();
      this.#url = URL.createObjectURL(blob);
      this.image.src = this.#url;
      await this.image.decode();
      signal.throwIfAborted();
      this.state = "ready";
    } catch (error) {
      if (signal.aborted) return;
      this.message = error instanceof Problem ? error.message : text("broken");
      this.state = "broken";
    }
    this.#changed();
  }
}
