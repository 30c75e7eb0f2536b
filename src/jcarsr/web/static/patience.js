// @ts-check
// Waiting: for a time, or until a busy server is less so.

import { Problem } from "./api.js";

const LONGEST_MS = 2 ** 31 - 1; // of a browser's timer
const TRIES = 5; // until a server is thought to be gone

/**
 * Do nothing for a time; ends early, with the signal's reason, if it is aborted.
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const end = () => {
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, LONGEST_MS));
    signal.addEventListener("abort", stop);
  });
}

/**
 * Ask again for as long as the server says that it is busy.
 * @template T
 * @param {() => Promise<T>} ask
 * @param {AbortSignal} signal
 * @param {(seconds: number) => void} [told] is called every second with what is left to wait
 * @returns {Promise<T>}
 */
export async function patiently(ask, signal, told = () => undefined) {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Problem) || error.retryAfter === null) throw error;
      for (let left = Math.ceil(error.retryAfter); left > 0; left -= 1) {
        told(left);
        await pause(1000, signal);
      }
    }
  }
}



/**
 * Ask as patiently, and some times more if there is no answer at all: a connection may be lost.
 * @template T
 * @param {() => Promise<T>} ask
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
export async function persistently(ask, signal) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await patiently(ask, signal);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 0 || tries === TRIES) throw error;
      await pause(1000 * tries, signal);
    }
  }
}
