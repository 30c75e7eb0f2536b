// @ts-check
// The slider that says how much is restored, and its mix on the stage.

import { byId } from "./dom.js";
import { remember, remembered } from "./memory.js";
import { text } from "./strings.js";

export class Strength {
  #slider = byId("strength", HTMLInputElement);
  #shown = byId("strength-value", HTMLElement);
  #results = byId("results", HTMLElement);
  #under = byId("under", HTMLImageElement);

  constructor() {
    const earlier = Number(remembered("strength") ?? "100");
    if (earlier >= 0 && earlier <= 100) this.#slider.value = String(earlier);
    this.#slider.addEventListener("input", () => this.#apply());
    this.#slider.addEventListener("change", () => remember("strength", this.#slider.value));
    this.#apply();
  }

  /** Of the restored in the mix with the enlarged input, 0 to 1. */
  get value() {
    return Number(this.#slider.value) / 100;
  }

  /**
   * Show a mix with what lies on the left of the divider.
   * @param {HTMLImageElement} before
   */
  mixWith(before) {
    if (this.#under.src !== before.src) this.#under.src = before.src;
  }

  /** @param {boolean} enabled */
  enable(enabled) {
    this.#slider.disabled = !enabled;
  }

  #apply() {
    this.#results.classList.toggle("mixed", this.value !== 1);
    this.#results.style.setProperty("--strength", String(this.value));
    this.#under.hidden = this.value === 1;
    const words = text("percent", { value: this.#slider.value });
    this.#shown.textContent = words;
    this.#slider.setAttribute("aria-valuetext", words);
  }
}
