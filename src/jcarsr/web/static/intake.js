// @ts-check
// How pictures get in: choosing, dropping, pasting.

import { byId } from "./dom.js";
import { droppedFiles } from "./dropped.js";
import { bytes } from "./format.js";
import { warn } from "./notices.js";
import { text } from "./strings.js";

/**
 * Why the server would not take a file; "" if it might.
 * @param {File} file
 * @param {import("./api.js").Limits} limits
 */
export function refusal(file, limits) {
  if (file.size === 0) return text("empty");
  if (file.size <= limits.upload_bytes) return "";
  return text("tooLarge", { size: bytes(file.size), limit: bytes(limits.upload_bytes) });
}

/** @param {(files: File[]) => void} take */
export function takeFiles(take) {
  chooseFiles(take);
  dropFiles(take);
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) take(files);
  });
}

/** @param {(files: File[]) => void} take */
function chooseFiles(take) {
  const input = byId("files", HTMLInputElement);
  byId("entry", HTMLElement).addEventListener("click", () => input.click());
  const takeChosen = () => {
    const files = [...(input.files ?? [])];
    input.value = ""; // so that the same file can be chosen again
    if (files.length) take(files);
  };
  input.addEventListener("change", takeChosen);
  takeChosen(); // before the page had started
}

/** @param {(files: File[]) => void} take */
function dropFiles(take) {
  const veil = byId("drop-veil", HTMLElement);
  let inside = 0; // elements that were entered and not left

  /** @param {DataTransfer} transfer */
  const receive = async (transfer) => {
    const files = await droppedFiles(transfer, byId("files", HTMLInputElement).accept);
    warn(files.length ? "" : text("noneDropped"));
    if (files.length) take(files);
  };

  /** @param {DragEvent} event */
  const bringsFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;

  document.addEventListener("dragenter", (event) => {
    if (!bringsFiles(event)) return;
    inside += 1;
    veil.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (!bringsFiles(event)) return;
    inside = Math.max(inside - 1, 0);
    veil.hidden = inside === 0;
  });
  document.addEventListener("dragover", (event) => {
    if (bringsFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    inside = 0;
    veil.hidden = true;
    if (event.dataTransfer) void receive(event.dataTransfer);
  });
}
