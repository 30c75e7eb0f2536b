// @ts-check
// Numbers and messages as they are shown.

import { text } from "./strings.js";

const UNITS = ["bytes", "KiB", "MiB", "GiB"];

/**
 * A size of a file or of memory.
 * @param {number} count
 */
export function bytes(count) {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/**
 * How long something took or will take.
 * @param {number} seconds
 */
export function time(seconds) {
  if (seconds < 10) return text("seconds", { value: Math.max(seconds, 0.1).toFixed(1) });
  if (seconds < 100) return text("seconds", { value: Math.round(seconds) });
  return text("minutes", { value: Math.round(seconds / 60) });
}

/**
 * Width and height.
 * @param {number} width
 * @param {number} height
 */
export function size(width, height) {
  return text("size", { width, height });
}

/**
 * A line of the server's, which begins small, as a sentence.
 * @param {string} words
 */
export function sentence(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
