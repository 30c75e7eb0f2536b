// @ts-check
// Results become files on the user's disk.

import { Problem, file } from "./api.js";
import { make } from "./dom.js";
import { patiently } from "./patience.js";

/**
 * Save a result on the user's disk; gives what could not be kept, but for what is told of it anyway.
 * @param {import("./item.js").Item} item that is done
 * @param {string} format
 * @param {{ strength: number, crisp: number }} shares 0 to 1
 */
export async function download(item, format, shares) {
  const { name, task, result } = item;
  if (!task?.job) return [];
  const { id } = task.job;
  const { signal } = new AbortController();
  const crispJob = shares.crisp ? await crispJobOf(item) : null;
  const mix = { ...shares, crispJob };
  const { blob, notes } = await patiently(() => file(id, format, signal, mix), signal);
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: resultName(name, task.options.scale, format) }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser has read it by then
  return notes.filter((note) => !result?.notes.includes(note));
}

/**
 * The crisp picture, which is made when it is first looked at or needed.
 * @param {import("./item.js").Item} item
 */
async function crispJobOf(item) {
  const made = await item.made("crisp");
  if (!made?.job || made.state !== "done") throw new Problem(made?.message ?? "");
  return made.job.id;
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
