// @ts-check
// The sliders that say how crisp a result is and how much of it is restored, and their mix.

import { byId } from "./dom.js";
import { remember, remembered } from "./memory.js";
import { text } from "./strings.js";

const UNMIXED = Object.freeze({ strength: 1, crisp: 0 });

/** Sends "change" when a slider moves. */
export class Mixer extends EventTarget {
  #strength = byId("strength", HTMLInputElement);
  #crisp = byId("crisp", HTMLInputElement);
  #results = byId("results", HTMLElement);
  #under = byId("under", HTMLImageElement);
  #crispReady = false;
  /** @type {import("./api.js").Result | null} */
  #result = null;

  /** @param {boolean} hasCrisp whether the server has weights for crisp pictures */
  constructor(hasCrisp) {
    super();
    byId("crisp-amount", HTMLElement).hidden = !hasCrisp;
    for (const slider of hasCrisp ? [this.#strength, this.#crisp] : [this.#strength]) {
      slider.addEventListener("input", () => {
        this.#apply();
        this.dispatchEvent(new Event("change"));
      });
    }
    const earlier = Number(remembered("strength") ?? this.#strength.value);
    if (earlier >= 0 && earlier <= 100) this.#strength.value = String(earlier);
    this.#strength.addEventListener("change", () => remember("strength", this.#strength.value));
    this.#crisp.value = "0"; // browsers keep it over a reload; nothing is invented unasked
    this.#apply();
  }

  /** Shares, 0 to 1: of the restored in the mix with the enlarged input, of the crisp picture. */
  get value() {
    return { strength: Number(this.#strength.value) / 100, crisp: Number(this.#crisp.value) / 100 };
  }

  /**
   * The shares that count for a result: an animation is not mixed after it was made.
   * @param {import("./api.js").Result | null} result
   */
  of(result) {
    return result?.frames ? UNMIXED : this.value;
  }

  /**
   * Show a result mixed with what lies on the left of the divider.
   * @param {import("./api.js").Result | null} result
   * @param {HTMLImageElement} before
   * @param {boolean} crispReady whether the crisp picture is there
   */
  mix(result, before, crispReady) {
    this.#result = result;
    if (this.#under.src !== before.src) this.#under.src = before.src;
    this.#crispReady = crispReady;
    this.#apply();
  }

  /** @param {boolean} enabled */
  enable(enabled) {
    this.#strength.disabled = this.#crisp.disabled = !enabled;
  }

  #apply() {
    const { strength, crisp } = this.of(this.#result);
    const share = this.#crispReady ? crisp : 0;
    this.#results.classList.toggle("mixed", strength !== 1 || share !== 0);
    this.#results.style.setProperty("--strength", String(strength));
    this.#results.style.setProperty("--crisp", String(share));
    for (const slider of [this.#strength, this.#crisp]) {
      const words = text("percent", { value: slider.value });
      byId(`${slider.id}-value`, HTMLElement).textContent = words;
      slider.setAttribute("aria-valuetext", words);
    }
  }
}
