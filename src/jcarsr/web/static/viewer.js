// @ts-check
// The picture that is looked at: as it is, then before and after, or its edges.

import * as api from "./api.js";
import { byId } from "./dom.js";
import { sentence } from "./format.js";
import { Layer } from "./layer.js";
import { text } from "./strings.js";
import { showProgress, stateOf } from "./words.js";

/** @typedef {import("./item.js").Item} Item */
/** @typedef {import("./stage.js").Stage} Stage */

export class Viewer {
  /** @type {Item | null} */
  #item = null;
  #edges = false;
  #stage;
  #strength;
  #preview = this.#layer("preview");
  #before = this.#layer("before");
  #after = this.#layer("after");
  #map = this.#layer("map");
  #results = byId("results", HTMLElement);
  #blank = byId("blank", SVGElement);
  #labels = { left: byId("label-before", HTMLElement), right: byId("label-after", HTMLElement) };
  #told = byId("told", HTMLElement);
  #words = byId("told-words", HTMLElement);
  #bar = byId("told-bar", HTMLElement);
  #retry = byId("told-retry", HTMLButtonElement);
  #salvage = byId("told-salvage", HTMLButtonElement);

  /**
   * @param {Stage} stage
   * @param {import("./strength.js").Strength} strength
   * @param {{ retry: (item: Item) => void, salvage: (item: Item) => void }} actions
   */
  constructor(stage, strength, { retry, salvage }) {
    this.#stage = stage;
    this.#strength = strength;
    this.#retry.addEventListener("click", () => this.#item && retry(this.#item));
    this.#salvage.addEventListener("click", () => this.#item && salvage(this.#item));
    stage.addEventListener("change", () => this.#sayDivider());
  }

  /** @param {Item | null} item */
  show(item) {
    this.#item = item;
    this.#stage.show(null);
    this.update();
  }

  /** @param {boolean} wanted */
  showEdges(wanted) {
    this.#edges = wanted;
    if (wanted && this.#item?.result) this.#item.findEdges(true);
    this.update();
  }

  /** Bring everything to what the item is now. */
  update() {
    const item = this.#item;
    if (!item) return;
    const result = item.result;
    if (result && this.#edges) item.findEdges(false);
    this.#load(item);
    const compares = this.#before.ready && this.#after.ready;
    const mapped = compares && this.#map.ready;
    this.#preview.image.hidden = compares || !this.#preview.ready;
    this.#before.image.hidden = !compares;
    this.#results.hidden = !compares || mapped;
    if (compares) this.#strength.mixWith(this.#before.image);
    this.#strength.enable(compares && !mapped);
    this.#map.image.hidden = !mapped;
    this.#blank.classList.toggle("shown", !compares && this.#preview.state === "broken");
    this.#stage.show(result ?? this.#expected(item));
    this.#stage.divide(compares);
    const clean = item.task?.options.scale === 1;
    this.#labels.left.textContent = text(clean ? "beforeOriginal" : "beforeEnlarged");
    this.#labels.right.textContent = text(mapped ? "edges" : "afterRestored");
    this.#tell(item, compares);
  }

  /** @param {Item} item */
  #load(item) {
    const { name, file, task } = item;
    const id = (item.result && task?.job?.id) ?? "";
    const map = (this.#edges && item.edges?.result && item.edges.job?.id) || "";
    this.#preview.show(item.key, async () => file, text("previewAlt", { name }));
    this.#before.show(id, (signal) => api.before(id, signal), text("beforeAlt", { name }));
    this.#after.show(id, (signal) => api.result(id, "png", signal), text("afterAlt", { name }));
    this.#map.show(map, (signal) => api.result(map, "png", signal), text("edgesAlt", { name }));
  }

  /**
   * The size that the result will have.
   * @param {Item} item
   */
  #expected(item) {
    if (!this.#preview.ready) return null;
    const { naturalWidth: width, naturalHeight: height } = this.#preview.image;
    const scale = item.task?.options.scale ?? 1;
    return { width: width * scale, height: height * scale };
  }

  /**
   * What is written over the picture.
   * @param {Item} item
   * @param {boolean} compares
   */
  #tell(item, compares) {
    const { words, task = null, retry = false } = this.#message(item, compares);
    this.#told.hidden = !words;
    this.#told.classList.toggle("trouble", retry);
    this.#words.textContent = words;
    this.#retry.hidden = !retry || !item.task;
    this.#salvage.hidden = !item.task?.salvageable;
    showProgress(this.#bar, task);
  }

  /**
   * @param {Item} item
   * @param {boolean} compares
   * @returns {{ words: string, task?: import("./task.js").Task | null, retry?: boolean }}
   */
  #message(item, compares) {
    if (item.active) return { words: stateOf(item), task: item.task };
    if (!item.result) return { words: stateOf(item), retry: true };
    const broken = [this.#before, this.#after, this.#map].find(({ state }) => state === "broken");
    if (broken) return { words: sentence(broken.message), retry: true };
    if (!compares) return { words: text("loading") };
    if (!this.#edges || this.#map.ready) return { words: "" };
    if (item.edges?.state === "failed") {
      return { words: text("edgesFailed", { message: item.edges.message }) };
    }
    return { words: text("edgesBusy"), task: item.edges };
  }

  #sayDivider() {
    const percent = Math.round(Number(this.#stage.divider.value));
    const before = this.#labels.left.textContent ?? "";
    this.#stage.divider.setAttribute("aria-valuetext", text("dividerValue", { percent, before }));
  }

  /** @param {string} id */
  #layer(id) {
    return new Layer(byId(id, HTMLImageElement), () => this.update());
  }
}
