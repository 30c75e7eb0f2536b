// @ts-check
// One picture in the queue: its file, what is done with it, what is known about it.

import * as api from "./api.js";
import { patiently } from "./patience.js";
import { Task } from "./task.js";

let count = 0;

/** Sends "change" whenever something about it changes. */
export class Item extends EventTarget {
  /** @type {Task | null} restores it; null = refused before it was sent */
  task = null;
  /** @type {Map<api.Output, Task>} output -> makes a map or the crisp picture, once it is wanted */
  #others = new Map();
  salvage = false; // what there is of a truncated file will do
  key = `picture ${(count += 1)}`; // like no other item's
  #removed = new AbortController();
  /** @type {Map<string, Promise<api.Facts | null>>} options -> what the server says */
  #facts = new Map();

  /**
   * @param {File} file
   * @param {string} [refusal] why it is not sent
   */
  constructor(file, refusal = "") {
    super();
    this.file = file;
    this.refusal = refusal;
  }

  get name() {
    return this.file.name;
  }

  /** @returns {import("./task.js").State} */
  get state() {
    return this.task?.state ?? "failed";
  }

  get active() {
    return this.task?.active ?? false;
  }

  /** Why it failed. */
  get message() {
    return this.refusal || this.task?.message || "";
  }

  /** What came out, if it is done; also when the server has deleted it since. */
  get result() {
    return this.task?.result ?? null;
  }

  /** @param {api.Options} options */
  restore(options) {
    this.#forget();
    this.#others.clear();
    this.task = this.#follow({ ...options, salvage: this.salvage }, "picture");
    void this.task.start();
  }

  /**
   * The task that makes something more of it; null before it is asked for.
   * @param {api.Output} output
   */
  other(output) {
    return this.#others.get(output) ?? null;
  }

  /**
   * @param {api.Output} output
   * @param {boolean} again also if it could not be made before
   */
  make(output, again) {
    if (!this.task) return;
    const { state = "expired" } = this.other(output) ?? {};
    if (state === "expired" || (again && state === "failed")) {
      const task = this.#follow(this.task.options, output);
      this.#others.set(output, task);
      void task.start();
    }
  }

  /**
   * The task that makes something more of it, asked for if need be, once it has ended.
   * @param {api.Output} output
   */
  async made(output) {
    this.make(output, true);
    const task = this.other(output);
    const removed = this.#removed.signal;
    while (task?.active && !removed.aborted) {
      await new Promise((go) => {
        task.addEventListener("change", go, { once: true });
        removed.addEventListener("abort", go, { once: true });
      });
    }
    return task;
  }

  /**
   * What the server says about the file; null if it cannot read it.
   * @param {api.Options} options
   */
  facts(options) {
    const key = `${options.scale} ${options.weights}`;
    const known = this.#facts.get(key);
    if (known) return known;
    const asked = patiently(() => api.inspect(this.file, options), this.#removed.signal).catch(
      () => null,
    );
    this.#facts.set(key, asked);
    return asked;
  }

  /** Have the server delete everything of it. */
  remove() {
    this.#removed.abort();
    this.#forget();
  }

  #forget() {
    this.task?.forget();
    for (const other of this.#others.values()) other.forget();
  }

  /**
   * @param {api.Options} options
   * @param {api.Output} output
   */
  #follow(options, output) {
    const task = new Task(this.file, options, output);
    task.addEventListener("change", () => this.dispatchEvent(new Event("change")));
    return task;
  }
}
