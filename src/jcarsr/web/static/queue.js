// @ts-check
// The pictures of this visit, and which of them is looked at.

import { Item } from "./item.js";

/**
 * Sends "items" when some came or went, "select" when another one is looked at, and "item" (a
 * CustomEvent with the item as its detail) when one changed.
 */
export class Queue extends EventTarget {
  /** @type {Item[]} */
  items = [];
  /** @type {Item | null} */
  selected = null;

  get done() {
    return this.items.filter((item) => item.state === "done");
  }

  /** @param {Item[]} items */
  add(items) {
    for (const item of items) {
      item.addEventListener("change", () => {
        if (this.items.includes(item)) this.#tell("item", item);
      });
    }
    this.items.push(...items);
    this.#tell("items");
    if (items[0]) this.select(items[0]);
  }

  /** @param {Item} item */
  remove(item) {
    const place = this.items.indexOf(item);
    this.items.splice(place, 1);
    item.remove();
    this.#tell("items");
    if (item === this.selected) this.select(this.items[Math.min(place, this.items.length - 1)]);
  }

  clear() {
    for (const item of this.items.splice(0)) item.remove();
    this.#tell("items");
    this.select(undefined);
  }

  /** @param {Item | undefined} item */
  select(item) {
    this.selected = item ?? null;
    this.#tell("select");
  }

  /**
   * @param {string} what
   * @param {Item} [detail]
   */
  #tell(what, detail) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }
}
