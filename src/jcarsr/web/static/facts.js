// @ts-check
// What the server says about a file.

import { byId, make } from "./dom.js";
import { bytes, sentence, size } from "./format.js";
import { text } from "./strings.js";

/** @typedef {import("./api.js").Facts} Facts */
/** @typedef {import("./item.js").Item} Item */

export class FactsPanel {
  #section = byId("facts", HTMLElement);
  #list = byId("facts-list", HTMLElement);
  #notes = byId("notes", HTMLElement);
  #shown = ""; // which item's, for which options and result

  /** @param {Item | null} item */
  async show(item) {
    const key = item?.task ? `${item.key} ${JSON.stringify([item.task.options, item.result])}` : "";
    if (key === this.#shown) return;
    this.#shown = key;
    const facts = item?.task ? await item.facts(item.task.options) : null;
    if (key !== this.#shown) return;
    this.#section.hidden = !facts;
    if (facts) this.#fill(facts, item?.result ?? null);
  }

  /**
   * @param {Facts} facts
   * @param {import("./api.js").Result | null} result
   */
  #fill(facts, result) {
    const lines = [...entries(facts), ...supportOf(result)].map(([name, ...value]) =>
      make("div", { class: "fact" }, make("dt", {}, name), make("dd", {}, ...value)),
    );
    this.#list.replaceChildren(...lines);
    const notes = [...facts.notes, ...(result?.notes ?? [])];
    if (facts.weights.quality_outside_training) notes.unshift(outside(facts));
    this.#notes.hidden = !notes.length;
    this.#notes.replaceChildren(...notes.map((note) => make("li", {}, sentence(note))));
  }
}

/**
 * @param {Facts} facts
 * @returns {[string, ...(string | Node)[]][]} name and value
 */
function entries(facts) {
  const { jpeg } = facts;
  /** @type {[string, ...(string | Node)[]][]} */
  const list = [
    [text("factFormat"), formatOf(facts)],
    [text("factSize"), sizeOf(facts)],
  ];
  if (jpeg) list.push([text("factQuality"), ...qualityOf(facts, jpeg.quality)]);
  if (facts.weights.earlier_save) list.push([text("factEarlier"), sentence(facts.weights.reason)]);
  list.push([text("factPixels"), pixelsOf(facts)]);
  if ((facts.frames ?? 1) > 1) list.push([text("factFrames"), String(facts.frames)]);
  list.push(
    [text("factProfile"), profileOf(facts)],
    [text("factMetadata"), metadataOf(facts)],
    [text("factWeights"), weightsOf(facts)],
    [text("factMemory"), text("memory", { size: bytes(facts.memory) })],
  );
  return list;
}

/**
 * How much of the result the JPEG says itself.
 * @param {import("./api.js").Result | null} result
 * @returns {[string, ...(string | Node)[]][]} name and value, or nothing
 */
function supportOf(result) {
  if (!result?.support) return [];
  const { outside, steps } = result.support;
  const share = (100 * (1 - outside)).toFixed(1);
  const words = make("span", { title: text("supportTitle") });
  words.textContent = outside
    ? text("support", { share, steps: steps.toFixed(2) })
    : text("supportAll");
  return [[text("factSupport"), words]];
}

/** @param {Facts} facts */
function formatOf({ format, jpeg }) {
  if (!jpeg) return format;
  return [format, text(jpeg.progressive ? "progressive" : "sequential"), jpeg.subsampling].join(
    ", ",
  );
}

/** @param {Facts} facts */
function sizeOf({ width, height, upright, orientation }) {
  const stored = size(width, height);
  return orientation === 1 ? stored : text("turned", { stored, upright: size(...upright) });
}

/** @param {Facts} facts */
function pixelsOf({ mode, bits, transparency }) {
  const pixels = text("bits", { mode, bits });
  return transparency ? `${pixels}, ${text("transparent")}` : pixels;
}

/**
 * The quality in words and on a scale with the range that the weights were trained on.
 * @param {Facts} facts
 * @param {{ value: number, exact: boolean } | null} quality
 */
function qualityOf({ weights }, quality) {
  if (!quality) return [text("qualityUnknown")];
  const gauge = make("span", { class: "gauge", "aria-hidden": "true" });
  gauge.style.setProperty("--value", String(quality.value));
  gauge.style.setProperty("--from", String(weights.trained_from ?? 0));
  gauge.style.setProperty("--to", String(weights.trained_to ?? 0));
  return [text(quality.exact ? "qualityExact" : "qualityAbout", { value: quality.value }), gauge];
}

/** @param {Facts} facts */
function profileOf({ profile }) {
  if (!profile) return text("none");
  const name = profile.description || text("untitledProfile");
  return profile.colour_space ? text("profileOf", { name, space: profile.colour_space }) : name;
}

/** @param {Facts} facts */
function metadataOf({ exif, xmp, iptc, texts, dpi }) {
  const parts = [];
  if (exif) parts.push("EXIF");
  if (xmp) parts.push("XMP");
  if (iptc) parts.push("IPTC");
  parts.push(...texts);
  if (dpi) parts.push(text("dpi", { x: Math.round(dpi[0]), y: Math.round(dpi[1]) }));
  return parts.join(", ") || text("none");
}

/** @param {Facts} facts */
function weightsOf({ weights: { name, trained_from: from, trained_to: to } }) {
  return from === null || to === null ? name : text("trained", { name, from, to });
}

/** @param {Facts} facts */
function outside({ weights: { trained_from: from, trained_to: to } }) {
  return text("qualityOutside", { from: from ?? "", to: to ?? "" });
}
