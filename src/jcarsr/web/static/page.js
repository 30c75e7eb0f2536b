// @ts-check
// The page once it knows the server: the queue, and what shows and changes it.

import { Problem } from "./api.js";
import { byId } from "./dom.js";
import { download } from "./download.js";
import { FactsPanel } from "./facts.js";
import { size } from "./format.js";
import { followButtons, followKeys, followPointers } from "./gestures.js";
import { refusal, takeFiles } from "./intake.js";
import { Item } from "./item.js";
import { Mixer } from "./mixer.js";
import { say, warn } from "./notices.js";
import { Options } from "./options.js";
import { Queue } from "./queue.js";
import { Rows } from "./rows.js";
import { Stage } from "./stage.js";
import { text } from "./strings.js";
import { Tools } from "./tools.js";
import { Viewer } from "./viewer.js";

export class Page {
  #queue = new Queue();
  #facts = new FactsPanel();
  /** @type {WeakMap<object, string>} task -> the state that was told of it */
  #told = new WeakMap();
  #area = byId("viewer", HTMLElement);
  #choose = byId("choose", HTMLButtonElement);
  #tally = byId("tally", HTMLElement);
  #saveAll = byId("download-all", HTMLButtonElement);
  #mixer;
  #options;
  #stage;
  #viewer;
  #tools;
  #rows;

  /** @param {import("./api.js").Service} service */
  constructor({ scales, weights, crisp, formats, limits }) {
    this.#options = new Options(scales, weights);
    this.#stage = new Stage(
      byId("stage", HTMLElement),
      byId("plane", HTMLElement),
      byId("divider", HTMLInputElement),
    );
    this.#mixer = new Mixer(crisp);
    this.#viewer = new Viewer(this.#stage, this.#mixer, {
      retry: (item) => this.#restore(item),
      salvage: (item) => this.#salvage(item),
    });
    this.#tools = new Tools(formats, {
      map: (kind) => this.#viewer.showMap(kind),
      again: () => this.#queue.selected && this.#restore(this.#queue.selected),
      download: async () => {
        if (this.#queue.selected) await this.#save([this.#queue.selected]);
      },
    });
    this.#rows = new Rows(byId("rows", HTMLElement), {
      select: (item) => this.#look(item),
      retry: (item) => this.#restore(item),
      salvage: (item) => this.#salvage(item),
      remove: (item) => this.#remove(item),
    });
    this.#listen();
    this.#followHands();
    takeFiles((files) => this.#add(files, limits));
  }

  #listen() {
    this.#queue.addEventListener("items", () => this.#arrange());
    this.#queue.addEventListener("select", () => {
      this.#rows.mark(this.#queue.selected);
      this.#viewer.show(this.#queue.selected);
      this.#update();
    });
    this.#queue.addEventListener("item", (event) => {
      if (event instanceof CustomEvent) this.#changed(event.detail);
    });
    this.#options.onChange(() => this.#update());
    this.#saveAll.addEventListener("click", async () => {
      await this.#save(this.#queue.done);
    });
    byId("remove-all", HTMLButtonElement).addEventListener("click", () => {
      this.#queue.clear();
      this.#choose.focus();
    });
    window.addEventListener("pagehide", () => this.#queue.clear());
  }

  #followHands() {
    this.#stage.addEventListener("change", () => this.#tools.showZoom(this.#stage.zoom));
    followPointers(this.#stage);
    followKeys(this.#stage, this.#area);
    followButtons(this.#stage, {
      in: byId("zoom-in", HTMLElement),
      out: byId("zoom-out", HTMLElement),
      fit: byId("zoom-fit", HTMLElement),
      full: byId("zoom-full", HTMLElement),
    });
  }

  /**
   * @param {File[]} files
   * @param {import("./api.js").Limits} limits
   */
  #add(files, limits) {
    const items = files.map((file) => new Item(file, refusal(file, limits)));
    for (const item of items.filter((item) => !item.refusal)) this.#restore(item);
    this.#queue.add(items);
    const count = files.length;
    say(count === 1 ? text("saidAddedOne") : text("saidAddedMany", { count }));
  }

  /** @param {Item} item */
  #restore(item) {
    item.restore(this.#options.value);
  }

  /** @param {Item} item */
  #salvage(item) {
    item.salvage = true;
    this.#restore(item);
  }

  /** @param {Item} item */
  #look(item) {
    this.#queue.select(item);
    const below = this.#area.getBoundingClientRect().top > window.innerHeight / 2;
    if (below) this.#area.scrollIntoView();
  }

  /** @param {Item} item */
  #remove(item) {
    this.#queue.remove(item);
    if (!this.#queue.items.length) this.#choose.focus();
    say(text("saidRemoved", { name: item.name }));
  }

  #arrange() {
    document.body.classList.toggle("working", this.#queue.items.length > 0);
    this.#rows.arrange(this.#queue.items);
    this.#count();
  }

  #count() {
    const [done, count] = [this.#queue.done.length, this.#queue.items.length];
    this.#tally.textContent = text("tallyDone", { done, count });
    this.#saveAll.hidden = done < 2;
  }

  /** @param {Item} item */
  #changed(item) {
    this.#rows.update(item);
    this.#count();
    this.#announce(item);
    if (item === this.#queue.selected) this.#update();
  }

  /** Bring what shows the selected item to what that is now. */
  #update() {
    const item = this.#queue.selected;
    if (!item) return;
    this.#viewer.update();
    this.#tools.update(item, this.#options.value);
    void this.#facts.show(item);
  }

  /**
   * Say, once, how a task ended.
   * @param {Item} item
   */
  #announce({ name, message, result, state, task }) {
    if (!task || this.#told.get(task) === state) return;
    this.#told.set(task, state);
    if (state === "failed") say(text("saidFailed", { name, message }));
    if (state === "done" && result) {
      say(text("saidDone", { name, size: size(result.width, result.height) }));
    }
  }

  /** @param {Item[]} items */
  async #save(items) {
    /** @type {string[]} */
    const troubles = [];
    for (const item of items) {
      const { name } = item;
      try {
        const lost = await download(item, this.#tools.format, this.#mixer.of(item.result));
        if (lost.length) troubles.push(text("saidFailed", { name, message: lost.join("; ") }));
        say(text("saidSaved", { name }));
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        troubles.push(text("saidFailed", { name, message: error.message }));
      }
      warn(troubles.join("\n"));
    }
  }
}
