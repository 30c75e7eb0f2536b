// @ts-check
// One job on the server, from the upload to its end.

import * as api from "./api.js";
import { patiently, pause, persistently } from "./patience.js";
import { Slots } from "./slots.js";

/** @typedef {"waiting" | "sending" | "busy" | "queued" | "running" | "done" | "failed" | "cancelled" | "expired"} State */

const NEAR_MS = 300; // between two looks at a job that runs or is next
const FAR_MS = 700; // at one further behind
const NEARLY = 0.97; // as far as a guess goes
const OF_THE_API = / \(salvage=true [^)]*\)$/; // the page has a button for it
const uploads = new Slots(2);

/** Sends "change" whenever something about it changes. */
export class Task extends EventTarget {
  /** @type {State} */
  state = "waiting";
  /** @type {api.Job | null} */
  job = null;
  message = ""; // why it failed
  retrySeconds = 0; // while the server is busy
  #stop = new AbortController();

  /**
   * @param {File} file
   * @param {api.Options} options
   * @param {api.Output} output
   */
  constructor(file, options, output) {
    super();
    this.file = file;
    this.options = options;
    this.output = output;
  }

  /** Whether it still moves by itself. */
  get active() {
    return ["waiting", "sending", "busy", "queued", "running"].includes(this.state);
  }

  /** 0 to 1: the tiles that are done, or the time that is over if that is more; null = unknown. */
  get progress() {
    if (!this.job || this.job.state === "queued") return 0;
    const { progress, seconds, eta_seconds: left } = this.job;
    if (left === null) return progress || null;
    return Math.max(progress, Math.min(seconds / (seconds + left || 1), NEARLY));
  }

  /** Whether it was refused for being truncated, and its start can be restored. */
  get salvageable() {
    return this.state === "failed" && this.job?.problem?.salvage === true;
  }

  /** What came out, if it is done; also when the server has deleted it since. */
  get result() {
    return this.job?.result ?? null;
  }

  async start() {
    try {
      await this.#follow(await uploads.use(() => this.#submit()));
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      if (!(error instanceof api.Problem)) throw error;
      this.message = error.message.replace(OF_THE_API, "");
      this.#become(this.state === "done" ? "expired" : "failed");
    }
  }

  cancel() {
    this.forget();
    this.#become("cancelled");
  }

  /** Have the server delete it, without telling anybody. */
  forget() {
    this.#stop.abort();
    if (this.job) api.forget(this.job.id);
  }

  /** @returns {Promise<api.Job>} */
  #submit() {
    const { signal } = this.#stop;
    const ask = async () => {
      this.#become("sending");
      const job = await api.submit(this.file, this.options, this.output);
      if (signal.aborted) api.forget(job.id);
      return job;
    };
    return patiently(ask, signal, (seconds) => {
      this.retrySeconds = seconds;
      this.#become("busy");
    });
  }

  /** @param {api.Job} first */
  async #follow(first) {
    const { signal } = this.#stop;
    for (let job = first; ; job = await persistently(() => api.job(job.id, signal), signal)) {
      signal.throwIfAborted();
      this.job = job;
      if (job.state === "failed") throw new api.Problem(job.problem?.detail ?? "");
      this.#become(job.state);
      await pause(untilNextLook(job), signal);
    }
  }

  /** @param {State} state */
  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

/** @param {api.Job} job */
function untilNextLook(job) {
  if (job.state === "done") {
    return job.expires_seconds === null ? Infinity : 1000 * job.expires_seconds + NEAR_MS;
  }
  return (job.position ?? 0) > 0 ? FAR_MS : NEAR_MS;
}
