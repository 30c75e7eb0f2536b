// @ts-check
// How pictures are to be restored that are added next.

import { byId, chosen, radios } from "./dom.js";
import { remember, remembered } from "./memory.js";
import { text } from "./strings.js";

/** The server chooses for each picture, also those for pictures that were saved repeatedly. */
export const AUTO = "auto";

const LABELS = new Map([
  [AUTO, text("weightsAuto")],
  ["small", text("weightsSmall")],
  ["large", text("weightsLarge")],
]);

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
    radios(this.#scale, sizes, earlier("scale", scales.map(String), "2"));
    const sizesThere = weights.filter(({ available }) => available).map(({ name }) => name);
    const names = sizesThere.length < 2 ? [AUTO] : [AUTO, ...sizesThere];
    const networks = names.map((value) => ({ value, label: LABELS.get(value) ?? value }));
    radios(this.#weights, networks, earlier("network", names, AUTO));
    this.#weights.hidden = names.length < 2;
    this.onChange(() => {
      const { scale, weights: chosenWeights } = this.value;
      remember("scale", String(scale));
      remember("network", chosenWeights);
    });
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

/**
 * What was chosen in an earlier visit, if it can be chosen now.
 * @param {string} key
 * @param {string[]} choices
 * @param {string} usual
 */
function earlier(key, choices, usual) {
  const value = remembered(key) ?? usual;
  return choices.includes(value) ? value : choices.includes(usual) ? usual : (choices[0] ?? "");
}
