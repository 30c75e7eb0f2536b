// @ts-check
// The list of pictures.

import { icon, make } from "./dom.js";
import { text } from "./strings.js";
import { thumbnail } from "./thumbnail.js";
import { showProgress, stateOf } from "./words.js";

/** @typedef {import("./item.js").Item} Item */
/** @typedef {{ select: (item: Item) => void, retry: (item: Item) => void, salvage: (item: Item) => void, remove: (item: Item) => void }} Actions */

/** One picture's line. */
class Row {
  #state = make("span", { class: "row-state" });
  #bar = make("div", { class: "bar row-bar", role: "progressbar" });
  #retry = make("button", { type: "button", class: "icon-button" }, icon("retry"));
  #remove = make("button", { type: "button", class: "icon-button" }, icon("close"));
  #salvage = make("button", { type: "button", class: "button row-offer" }, text("salvage"));
  #main;
  #item;

  /**
   * @param {Item} item
   * @param {Actions} actions
   */
  constructor(item, actions) {
    this.#item = item;
    const picture = make("span", { class: "thumb" }, icon("picture"));
    const name = make("span", { class: "row-name", title: item.name }, item.name);
    const words = make("span", { class: "row-text" }, name, this.#state);
    this.#main = make("button", { type: "button", class: "row-main" }, picture, words);
    this.#bar.setAttribute("aria-label", item.name);
    this.#name(this.#retry, "retryName");
    this.element = make("li", { class: "row" }, this.#main, this.#retry, this.#remove);
    this.element.append(this.#salvage, this.#bar);
    this.#name(this.#salvage, "salvageName");
    this.#main.addEventListener("click", () => actions.select(item));
    this.#retry.addEventListener("click", () => actions.retry(item));
    this.#salvage.addEventListener("click", () => actions.salvage(item));
    this.#remove.addEventListener("click", () => {
      if (item.active) item.task?.cancel();
      else actions.remove(item);
    });
    void thumbnail(item.file).then((canvas) => canvas && picture.replaceChildren(canvas));
    this.update();
  }

  update() {
    const { state, active } = this.#item;
    this.element.dataset.state = state;
    this.#state.textContent = stateOf(this.#item);
    this.#state.title = this.#state.textContent;
    this.#retry.hidden = !this.#item.task || !["failed", "cancelled", "expired"].includes(state);
    this.#salvage.hidden = !this.#item.task?.salvageable;
    this.#name(this.#remove, active ? "cancelName" : "removeName");
    showProgress(this.#bar, this.#item.task);
  }

  /** @param {boolean} selected */
  mark(selected) {
    if (selected) this.#main.setAttribute("aria-current", "true");
    else this.#main.removeAttribute("aria-current");
  }

  focus() {
    this.#main.focus();
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {"retryName" | "salvageName" | "cancelName" | "removeName"} key
   */
  #name(button, key) {
    button.title = text(key, { name: this.#item.name });
    button.setAttribute("aria-label", button.title);
  }
}

export class Rows {
  /** @type {Map<Item, Row>} */
  #rows = new Map();
  #list;
  #actions;

  /**
   * @param {HTMLElement} list
   * @param {Actions} actions
   */
  constructor(list, actions) {
    this.#list = list;
    this.#actions = actions;
  }

  /** @param {Item[]} items */
  arrange(items) {
    const focused = this.#list.contains(document.activeElement);
    for (const [item, row] of this.#rows) {
      if (items.includes(item)) continue;
      row.element.remove();
      this.#rows.delete(item);
    }
    for (const item of items) {
      if (this.#rows.has(item)) continue;
      const row = new Row(item, this.#actions);
      this.#rows.set(item, row);
      this.#list.append(row.element);
    }
    if (focused && !this.#list.contains(document.activeElement)) this.#refocus();
  }

  /** @param {Item} item */
  update(item) {
    this.#rows.get(item)?.update();
  }

  /** @param {Item | null} selected */
  mark(selected) {
    for (const [item, row] of this.#rows) row.mark(item === selected);
  }

  /** Keep a keyboard user in the list when the focused row is gone. */
  #refocus() {
    [...this.#rows.values()].at(-1)?.focus();
  }
}
