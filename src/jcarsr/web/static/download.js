// @ts-check
// Results become files on the user's disk.

import { result } from "./api.js";
import { make } from "./dom.js";
import { patiently } from "./patience.js";

/**
 * @param {import("./item.js").Item} item that is done
 * @param {string} format
 * @param {number} strength of the restored in the mix with the enlarged input, 0 to 1
 */
export async function download({ name, task }, format, strength) {
  if (!task?.job) return;
  const { id } = task.job;
  const { signal } = new AbortController();
  const blob = await patiently(() => result(id, format, signal, strength), signal);
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: resultName(name, task.options.scale, format) }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser has read it by then
}

/**
 * @param {string} name of the input
 * @param {number} scale
 * @param {string} format
 */
function resultName(name, scale, format) {
  const stem = name.replace(/(?<=.)\.[^.]*$/, "");
  return `${stem}_x${scale}.${format}`;
}
