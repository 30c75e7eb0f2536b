// @ts-check
// A file -> its pixels, upright, by the browser's own decoders.

import { bytes, size } from "./viewer/format.js";

export const MOST_BYTES = 64 * 1024 ** 2;
export const MOST_PIXELS = 4_000_000; // times 16, still within every browser's canvas
const LONGEST_SIDE = 4096; // times 4, the same

/** Why a file cannot be restored: one line. */
export class Refusal extends Error {}

/**
 * @param {File} file
 * @returns {Promise<HTMLCanvasElement>} opaque, transparency on white
 */
export async function decode(file) {
  if (file.size > MOST_BYTES) {
    throw new Refusal(`${bytes(file.size)} is too large: up to ${bytes(MOST_BYTES)}`);
  }
  const none = new Refusal("This is no picture that the browser can read");
  const { width, height } = await sizeOf(file).catch(() => Promise.reject(none));
  if (width * height > MOST_PIXELS || Math.max(width, height) > LONGEST_SIDE) {
    const most = `${MOST_PIXELS / 1e6} million pixels, ${LONGEST_SIDE} a side`;
    throw new Refusal(`${size(width, height)} is too large for this page: up to ${most}`);
  }
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() =>
    Promise.reject(none),
  );
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  if (!context) throw new Refusal("This browser has no room for the picture");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas;
}

/**
 * Width and height from the file's head, before memory is taken for its pixels.
 * @param {File} file
 */
async function sizeOf(file) {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
      image.src = url;
    });
    return { width: image.naturalWidth, height: image.naturalHeight };
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {import("./restore.js").Pixels}
 */
export function pixelsOf(canvas) {
  const { width, height } = canvas;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  return { data: context.getImageData(0, 0, width, height).data, width, height };
}
