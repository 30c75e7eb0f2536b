// @ts-check
// The sliders that say how crisp a result is and how much of it is restored, and their mix.

import { byId } from "./dom.js";
import { remember, remembered } from "./memory.js";
import { text } from "./strings.js";

/** Sends "change" when a slider moves. */
export class Mixer extends EventTarget {
  #strength = byId("strength", HTMLInputElement);
  #crisp = byId("crisp", HTMLInputElement);
  #results = byId("results", HTMLElement);
  #under = byId("under", HTMLImageElement);
  #crispReady = false;

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
   * Show a mix with what lies on the left of the divider.
   * @param {HTMLImageElement} before
   * @param {boolean} crispReady whether the crisp picture is there
   */
  mixWith(before, crispReady) {
    if (this.#under.src !== before.src) this.#under.src = before.src;
    this.#crispReady = crispReady;
    this.#apply();
  }

  /** @param {boolean} enabled */
  enable(enabled) {
    this.#strength.disabled = this.#crisp.disabled = !enabled;
  }

  #apply() {
    const { strength, crisp } = this.value;
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
