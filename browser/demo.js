// @ts-check
// One picture: taken, restored, compared, saved.

import { Computer } from "./computer.js";
import { decode, pixelsOf, Refusal } from "./decode.js";
import { byId, chosen, make } from "./viewer/dom.js";
import { bytes, size, time } from "./viewer/format.js";
import { warn } from "./viewer/notices.js";
import { text } from "./viewer/strings.js";

/** @typedef {{ name: string, canvas: HTMLCanvasElement }} Picture */

export class Demo {
  #stage;
  #scale;
  #weights;
  #computer = new Computer();
  /** @type {Picture | null} */
  #picture = null;
  #taken = 0; // files, so that only the last one counts
  #asked = 0; // restorations, so that only the last one is shown
  #saved = { url: "", name: "" };
  #input = ""; // address of the picture as it was
  #preview = byId("preview", HTMLImageElement);
  #before = byId("before", HTMLImageElement);
  #after = byId("after", HTMLImageElement);
  #results = byId("results", HTMLElement);
  #told = byId("told", HTMLElement);
  #words = byId("told-words", HTMLElement);
  #bar = byId("told-bar", HTMLElement);
  #outcome = byId("outcome", HTMLElement);
  #status = byId("status", HTMLElement);
  #download = byId("download", HTMLButtonElement);

  /**
   * @param {import("./viewer/stage.js").Stage} stage
   * @param {HTMLFieldSetElement} scale
   * @param {HTMLFieldSetElement} weights
   */
  constructor(stage, scale, weights) {
    [this.#stage, this.#scale, this.#weights] = [stage, scale, weights];
    this.#download.addEventListener("click", () => {
      make("a", { href: this.#saved.url, download: this.#saved.name }).click();
    });
  }

  /**
   * Restore the first of some files; what was there stays if it is no picture.
   * @param {File[]} files
   */
  async take([file, ...others]) {
    const taken = (this.#taken += 1);
    try {
      const canvas = await decode(file);
      const input = await pngOf(canvas);
      if (taken !== this.#taken) return;
      URL.revokeObjectURL(this.#input);
      this.#input = URL.createObjectURL(input);
      this.#picture = { name: file.name, canvas };
      warn(others.length ? `One picture at a time: ${file.name} is restored` : "");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (taken === this.#taken) warn(`${file.name}: ${error.message}`);
      return;
    }
    await this.restore();
  }

  /** Restore the picture, if there is one, with what is chosen now. */
  async restore() {
    if (!this.#picture) return;
    const asked = (this.#asked += 1);
    const { name, canvas } = this.#picture;
    const scale = Number(chosen(this.#scale));
    const weights = `${chosen(this.#weights)}-x${scale}`;
    this.#begin(name, canvas, scale);
    const graph = new URL(`./${weights}.onnx`, import.meta.url).href;
    const order = { graph, scale, pixels: pixelsOf(canvas) };
    const began = performance.now();
    try {
      const png = await this.#computer.restore(order, (done, all) => this.#show(done, all));
      if (asked !== this.#asked) return;
      const seconds = (performance.now() - began) / 1000;
      const url = URL.createObjectURL(png);
      this.#saved = { url, name: `${name.replace(/(?<=.)\.[^.]*$/, "")}_x${scale}.png` };
      this.#after.src = url;
      await this.#after.decode();
      if (asked !== this.#asked) return;
      const pixels = size(canvas.width * scale, canvas.height * scale);
      this.#outcome.textContent = text("outcome", {
        ...{ size: pixels, bytes: bytes(png.size), format: "PNG", time: time(seconds), weights },
      });
      this.#status.textContent = text("saidDone", { name, size: pixels });
      this.#compare();
    } catch (error) {
      if (asked !== this.#asked) return;
      const message = error instanceof Error ? error.message : String(error);
      this.#told.hidden = true;
      warn(`${name}: this browser could not restore it: ${message}`);
    }
  }

  /**
   * @param {string} name
   * @param {HTMLCanvasElement} canvas
   * @param {number} scale
   */
  #begin(name, canvas, scale) {
    document.body.classList.add("working");
    byId("name", HTMLElement).textContent = name;
    this.#outcome.textContent = this.#status.textContent = "";
    this.#download.disabled = true;
    URL.revokeObjectURL(this.#saved.url);
    this.#saved = { url: "", name: "" };
    for (const image of [this.#preview, this.#before]) {
      image.src = this.#input;
      image.alt = text("previewAlt", { name });
    }
    this.#after.removeAttribute("src");
    this.#after.alt = text("afterAlt", { name });
    this.#preview.hidden = false;
    this.#before.hidden = this.#results.hidden = true;
    this.#stage.show({ width: canvas.width * scale, height: canvas.height * scale });
    this.#stage.divide(false);
    this.#told.hidden = false;
    this.#words.textContent = text("loading");
    this.#bar.hidden = true;
  }

  /**
   * @param {number} done tiles
   * @param {number} all
   */
  #show(done, all) {
    const percent = Math.round((100 * done) / all);
    const share = done ? `, ${text("percent", { value: percent })}` : "";
    this.#words.textContent = `${text("running")}${share}`;
    this.#bar.hidden = false;
    this.#bar.classList.toggle("unknown", !done); // the first tile takes as long as it takes
    if (done) this.#bar.setAttribute("aria-valuenow", String(percent));
    else this.#bar.removeAttribute("aria-valuenow");
    this.#bar.style.setProperty("--progress", String(done ? done / all : 1));
  }

  #compare() {
    this.#told.hidden = this.#preview.hidden = true;
    this.#before.hidden = this.#results.hidden = false;
    this.#download.disabled = false;
    this.#stage.divide(true);
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Blob>}
 */
function pngOf(canvas) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Refusal(text("broken")))));
  });
}
