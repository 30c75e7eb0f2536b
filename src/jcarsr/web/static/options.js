// @ts-check
// How pictures are to be restored that are added next.

import { byId, chosen, radios } from "./dom.js";
import { text } from "./strings.js";

export class Options {
  #scale = byId("scale", HTMLFieldSetElement);
  #weights = byId("weights", HTMLFieldSetElement);

  /**
   * @param {number[]} scales
   * @param {import("./api.js").Weights[]} weights
   */
  constructor(scales, weights) {
    const sizes = scales.map((scale) => ({
      value: String(scale),
      label: scale === 1 ? text("scaleClean") : text("scaleTimes", { scale }),
      title: scale === 1 ? text("scaleCleanTitle") : text("scaleTimesTitle", { scale }),
    }));
    radios(this.#scale, sizes, scales.includes(2) ? "2" : String(scales[0]));
    const networks = weights.map(({ name, available }) => ({
      value: name,
      label: name === "large" ? text("weightsLarge") : text("weightsSmall"),
      title: available ? "" : text("weightsMissing"),
      disabled: !available,
    }));
    radios(this.#weights, networks, weights.find(({ available }) => available)?.name ?? "");
  }

  /** @returns {import("./api.js").Options} */
  get value() {
    return { scale: Number(chosen(this.#scale)), weights: chosen(this.#weights) };
  }

  /** @param {() => void} changed */
  onChange(changed) {
    this.#scale.addEventListener("change", changed);
    this.#weights.addEventListener("change", changed);
  }
}
