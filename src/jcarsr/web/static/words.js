// @ts-check
// What happens to a picture, in a few words.

import { sentence, size, time } from "./format.js";
import { AUTO } from "./options.js";
import { text } from "./strings.js";

/** @typedef {import("./item.js").Item} Item */
/** @typedef {import("./task.js").Task} Task */

/**
 * @param {Item} item
 * @returns {string}
 */
export function stateOf(item) {
  return item.task ? stateOfTask(item.task) : item.refusal;
}

/** @param {Task} task */
function stateOfTask(task) {
  const { job, state } = task;
  switch (state) {
    case "busy":
      return text("busy", { seconds: task.retrySeconds });
    case "queued":
      return queued(job?.position ?? 0);
    case "running":
      return job?.eta_seconds
        ? text("runningLeft", { time: time(job.eta_seconds) })
        : text("running");
    case "failed":
      return sentence(task.message);
    case "done": {
      const { width = 0, height = 0 } = job?.result ?? {};
      return text("done", { size: size(width, height), time: time(job?.seconds ?? 0) });
    }
    default:
      return text(state);
  }
}

/** @param {number} before */
function queued(before) {
  if (before === 0) return text("queuedNext");
  return before === 1 ? text("queuedOne") : text("queuedMany", { count: before });
}

/**
 * @param {import("./api.js").Options} options
 * @returns {string}
 */
export function chosenWords({ scale, weights }) {
  if (weights === AUTO) return scale === 1 ? text("scaleClean") : text("scaleTimes", { scale });
  return scale === 1 ? text("chosenClean", { weights }) : text("chosenTimes", { scale, weights });
}

/**
 * Let a bar show how far a task is.
 * @param {HTMLElement} bar
 * @param {Task | null} task
 */
export function showProgress(bar, task) {
  bar.hidden = task?.state !== "running";
  const progress = task?.progress ?? null;
  bar.classList.toggle("unknown", progress === null);
  bar.style.setProperty("--progress", String(progress ?? 1));
  if (progress === null) bar.removeAttribute("aria-valuenow");
  else bar.setAttribute("aria-valuenow", String(Math.round(100 * progress)));
}
