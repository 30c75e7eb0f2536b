// @ts-check
// The server's HTTP interface: one function an operation.

import { text } from "./strings.js";
import { authorization } from "./token.js";

/** @typedef {{ name: string, available: boolean }} Weights */
/** @typedef {{ upload_bytes: number, pixels: number, seconds: number, keep_seconds: number, queue: number }} Limits */
/** @typedef {{ version: string, scales: number[], weights: Weights[], crisp: boolean, formats: string[], limits: Limits }} Service */
/** @typedef {{ scale: number, weights: string, salvage?: boolean }} Options */
/** @typedef {{ strength: number, crisp: number, crispJob: string | null }} Mix shares, 0 to 1 */
/** @typedef {"picture" | "gradient" | "detail" | "crisp" | "crispDetail"} Output crisp: at full crispness */
/** @typedef {{ outside: number, steps: number, counted: number, saturated: number }} Support */
/** @typedef {{ width: number, height: number, bytes: number, format: string, frames: number | null, scale: number, weights: string, notes: string[], strength: number, support: Support | null }} Result */
/**
 * @typedef {object} Job
 * @property {string} id
 * @property {"queued" | "running" | "done" | "failed"} state
 * @property {number | null} position jobs before it
 * @property {number} progress 0 to 1
 * @property {number | null} eta_seconds
 * @property {number} seconds
 * @property {Result | null} result
 * @property {{ detail: string, salvage: boolean | null } | null} problem
 * @property {number | null} expires_seconds
 */
/**
 * @typedef {object} Facts
 * @property {string} format
 * @property {number} width
 * @property {number} height
 * @property {[number, number]} upright
 * @property {string} mode
 * @property {number} bits
 * @property {boolean} transparency
 * @property {number | null} frames
 * @property {number} orientation
 * @property {{ description: string, colour_space: string | null } | null} profile
 * @property {boolean} exif
 * @property {boolean} xmp
 * @property {boolean} iptc
 * @property {string[]} texts keywords of a PNG's texts
 * @property {[number, number] | null} dpi
 * @property {{ subsampling: string, progressive: boolean, quality: { value: number, exact: boolean } | null } | null} jpeg
 * @property {string[]} notes
 * @property {{ name: string, trained_from: number | null, trained_to: number | null, quality_outside_training: boolean | null, reason: string, earlier_save: object | null }} weights
 * @property {number} memory
 */

/** @type {Readonly<Record<Output, { kind: string, crisp?: boolean }>>} */
const OUTPUTS = Object.freeze({
  picture: { kind: "picture" },
  gradient: { kind: "gradient" },
  detail: { kind: "detail" },
  crisp: { kind: "picture", crisp: true },
  crispDetail: { kind: "detail", crisp: true },
});

const RETRY_SECONDS = 2; // if a busy server does not say

/** Why the server did not do something: one line for the user. */
export class Problem extends Error {
  /**
   * @param {string} message
   * @param {number | null} [retryAfter] seconds after which it is worth trying again
   * @param {number} [status] that the server answered; 0 = none
   */
  constructor(message, retryAfter = null, status = 0) {
    super(message);
    this.retryAfter = retryAfter;
    this.status = status;
  }
}

/** @returns {Promise<Service>} */
export async function service() {
  return (await ask("/v1/service")).json();
}

/**
 * @param {File} file
 * @param {Options} options
 * @returns {Promise<Facts>}
 */
export async function inspect(file, options) {
  return (await ask("/v1/inspect", { method: "POST", body: form(file, options) })).json();
}

/**
 * Ask for a picture to be restored, without waiting for it.
 * @param {File} file
 * @param {Options} options
 * @param {Output} output
 * @returns {Promise<Job>}
 */
export async function submit(file, options, output) {
  const body = form(file, options);
  const { kind, crisp } = OUTPUTS[output];
  body.set("output", kind);
  if (crisp) body.set("crisp", "1");
  if (options.salvage) body.set("salvage", "true");
  const headers = { Prefer: "respond-async" };
  return (await ask("/v1/restore", { method: "POST", body, headers })).json();
}

/**
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<Job>}
 */
export async function job(id, signal) {
  return (await ask(jobPath(id), { signal })).json();
}

/**
 * Cancel or forget a job; also while the page is being left.
 * @param {string} id
 */
export function forget(id) {
  const init = { method: "DELETE", keepalive: true, headers: authorization() };
  fetch(jobPath(id), init).catch(() => undefined);
}

/**
 * The restored picture.
 * @param {string} id
 * @param {AbortSignal} signal
 */
export async function result(id, signal) {
  return (await ask(`${jobPath(id)}/result?format=png`, { signal })).blob();
}

/**
 * The restored picture as a file for the user, and what could not be kept in it.
 * @param {string} id
 * @param {string} format
 * @param {AbortSignal} signal
 * @param {Mix} mix
 */
export async function file(id, format, signal, mix) {
  const query = new URLSearchParams({ format });
  if (mix.strength !== 1) query.set("strength", String(mix.strength));
  if (mix.crisp && mix.crispJob) {
    query.set("crisp", String(mix.crisp));
    query.set("crisp_job", mix.crispJob);
  }
  const response = await ask(`${jobPath(id)}/result?${query}`, { signal });
  /** @type {string[]} */
  const notes = JSON.parse(response.headers.get("Jcarsr-Notes") ?? "[]");
  return { blob: await response.blob(), notes };
}

/**
 * The picture as it came, enlarged by bicubic interpolation.
 * @param {string} id
 * @param {AbortSignal} signal
 */
export async function before(id, signal) {
  return (await ask(`${jobPath(id)}/before`, { signal })).blob();
}

/** @param {string} id */
function jobPath(id) {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

/**
 * @param {File} file
 * @param {Options} options
 */
function form(file, { scale, weights }) {
  const body = new FormData();
  body.set("file", file);
  body.set("scale", String(scale));
  body.set("weights", weights);
  return body;
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 */
async function ask(path, init) {
  const headers = { ...init?.headers, ...authorization() };
  const response = await fetch(path, { ...init, headers }).catch(() => {
    init?.signal?.throwIfAborted();
    throw new Problem(text("unreachable"));
  });
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  const told = typeof body?.detail === "string";
  const message = told ? body.detail : text("refused", { status: response.status });
  const wait = Number(response.headers.get("Retry-After")) || RETRY_SECONDS;
  throw new Problem(message, response.status === 503 ? wait : null, response.status);
}
