// @ts-check
// A small square picture of a file, drawn once so that the large one need not be kept.

const SIDE = 88; // pixels of the canvas: twice what the page shows, for fine screens

/**
 * @param {Blob} file
 * @returns {Promise<HTMLCanvasElement | null>} null: this browser cannot decode it
 */
export async function thumbnail(file) {
  const options = /** @type {const} */ ({ resizeHeight: SIDE, resizeQuality: "medium" });
  const picture = await createImageBitmap(file, options).catch(() => null);
  if (!picture) return null;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const scale = Math.max(SIDE / picture.width, SIDE / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  const context = canvas.getContext("2d");
  context?.drawImage(picture, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
  picture.close();
  return canvas;
}
