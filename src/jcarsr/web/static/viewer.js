// @ts-check
// The picture that is looked at: as it is, then before and after, or a map of it.

import * as api from "./api.js";
import { byId } from "./dom.js";
import { sentence } from "./format.js";
import { Layer } from "./layer.js";
import { text } from "./strings.js";
import { showProgress, stateOf } from "./words.js";

/** @typedef {import("./item.js").Item} Item */
/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {"gradient" | "detail"} MapKind */

/** @type {Readonly<Record<MapKind, Record<"label" | "alt" | "busy" | "failed", import("./strings.js").Key>>>} */
const WORDS = Object.freeze({
  gradient: { label: "edges", alt: "edgesAlt", busy: "edgesBusy", failed: "edgesFailed" },
  detail: { label: "detail", alt: "detailAlt", busy: "detailBusy", failed: "detailFailed" },
});

export class Viewer {
  /** @type {Item | null} */
  #item = null;
  /** @type {MapKind | null} that is to be seen */
  #kind = null;
  #stage;
  #mixer;
  #preview = this.#layer("preview");
  #before = this.#layer("before");
  #after = this.#layer("after");
  #crisp = this.#layer("crisper");
  #map = this.#layer("map");
  #results = byId("results", HTMLElement);
  #blank = byId("blank", SVGElement);
  #labels = { left: byId("label-before", HTMLElement), right: byId("label-after", HTMLElement) };
  #overlay = byId("overlay", HTMLElement);
  #words = byId("overlay-words", HTMLElement);
  #bar = byId("overlay-bar", HTMLElement);
  #retry = byId("overlay-retry", HTMLButtonElement);
  #salvage = byId("overlay-salvage", HTMLButtonElement);

  /**
   * @param {Stage} stage
   * @param {import("./mixer.js").Mixer} mixer
   * @param {{ retry: (item: Item) => void, salvage: (item: Item) => void }} actions
   */
  constructor(stage, mixer, { retry, salvage }) {
    this.#stage = stage;
    this.#mixer = mixer;
    this.#retry.addEventListener("click", () => this.#item && retry(this.#item));
    this.#salvage.addEventListener("click", () => this.#item && salvage(this.#item));
    stage.addEventListener("change", () => this.#sayDivider());
    mixer.addEventListener("change", () => this.update());
  }

  /** @param {Item | null} item */
  show(item) {
    this.#item = item;
    this.#stage.show(null);
    this.update();
  }

  /** @param {MapKind | null} kind */
  showMap(kind) {
    this.#kind = kind;
    if (kind && this.#item?.result) this.#item.make(this.#output(kind), true);
    this.update();
  }

  /**
   * What is asked of the server for a map: departures are those of the crisp picture if it is seen.
   * @param {MapKind} kind
   */
  #output(kind) {
    return kind === "detail" && this.#mixer.value.crisp ? "crispDetail" : kind;
  }

  /** Bring everything to what the item is now. */
  update() {
    const item = this.#item;
    if (!item) return;
    const result = item.result;
    if (result && this.#mixer.of(result).crisp) item.make("crisp", false);
    if (result && this.#kind) item.make(this.#output(this.#kind), false);
    this.#load(item);
    const compares = this.#before.ready && this.#after.ready;
    const mapped = compares && this.#map.ready;
    this.#preview.image.hidden = compares || !this.#preview.ready;
    this.#before.image.hidden = !compares;
    this.#results.hidden = !compares || mapped;
    if (compares) this.#mixer.mix(result, this.#before.image, this.#crisp.ready);
    this.#mixer.enable(compares && !mapped && !result?.frames);
    this.#map.image.hidden = !mapped;
    this.#blank.classList.toggle("shown", !compares && this.#preview.state === "broken");
    this.#stage.show(result ?? this.#expected(item));
    this.#stage.divide(compares);
    const clean = item.task?.options.scale === 1;
    this.#labels.left.textContent = text(clean ? "beforeOriginal" : "beforeEnlarged");
    const after = this.#mixer.of(result).crisp && this.#crisp.ready ? "afterCrisp" : "afterRestored";
    this.#labels.right.textContent = text(mapped && this.#kind ? WORDS[this.#kind].label : after);
    this.#tell(item, compares);
  }

  /** @param {Item} item */
  #load(item) {
    const { name, file, task } = item;
    const id = (item.result && task?.job?.id) ?? "";
    const made = this.#kind && item.other(this.#output(this.#kind));
    const map = (made?.result && made.job?.id) || "";
    const crisp = item.other("crisp");
    const crispId = (crisp?.result && crisp.job?.id) || "";
    const crispAlt = text("crispAlt", { name });
    this.#crisp.show(crispId, (signal) => api.result(crispId, signal), crispAlt);
    const alt = WORDS[this.#kind ?? "gradient"].alt;
    this.#preview.show(item.key, async () => file, text("previewAlt", { name }));
    this.#before.show(id, (signal) => api.before(id, signal), text("beforeAlt", { name }));
    this.#after.show(id, (signal) => api.result(id, signal), text("afterAlt", { name }));
    this.#map.show(map, (signal) => api.result(map, signal), text(alt, { name }));
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
    this.#overlay.hidden = !words;
    this.#overlay.classList.toggle("trouble", retry);
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
    if (!this.#kind || this.#map.ready) return { words: "" };
    const { busy, failed } = WORDS[this.#kind];
    const task = item.other(this.#output(this.#kind));
    if (task?.state === "failed") return { words: text(failed, { message: task.message }) };
    return { words: text(busy), task };
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
