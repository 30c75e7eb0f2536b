// @ts-check
// The worker, from the page's side.

/** @typedef {import("./worker.js").Order} Order */

export class Computer {
  /** @type {Worker | null} */
  #worker = null;
  #busy = false;

  /**
   * Restore a picture; one that is still being restored is given up, and never settles.
   * @param {Order} order
   * @param {(done: number, all: number) => void} onTile
   * @returns {Promise<Blob>} a PNG file
   */
  restore(order, onTile) {
    this.stop();
    this.#worker ??= start();
    this.#busy = true;
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const end = () => (this.#busy = false);
      /** @param {string} message */
      const fail = (message) => {
        end();
        this.#drop();
        reject(new Error(message));
      };
      worker.onerror = (event) => fail(event.message || "its parts cannot be loaded");
      worker.onmessage = ({ data }) => {
        if (data.failed !== undefined) fail(data.failed);
        else if (data.png) resolve((end(), data.png));
        else onTile(data.done, data.all);
      };
      worker.postMessage(order);
    });
  }

  /** Give up what is being restored. */
  stop() {
    if (this.#busy) this.#drop();
    this.#busy = false;
  }

  #drop() {
    this.#worker?.terminate();
    this.#worker = null;
  }
}

/**
 * A worker under this page's content policy: only one that comes from a blob inherits it, one from
 * a file would have what the file's headers say, which on a plain file server is none.
 */
function start() {
  const file = JSON.stringify(new URL("./worker.js", import.meta.url).href);
  const url = URL.createObjectURL(new Blob([`import ${file};`], { type: "text/javascript" }));
  return new Worker(url, { type: "module" });
}
