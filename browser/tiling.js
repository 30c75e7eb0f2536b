// @ts-check
// The tile plan of the Python package, src/jcarsr/restoring/tiling.py: pure integers.

/** @typedef {{ start: number, stop: number, fadeIn: number | null, fadeOut: number | null }} Span pixels seen, and the middles of the blends with the neighbours; null at a border of the picture */

export const GRID = 16; // of a 4:2:0 JPEG
export const OVERLAP = 48; // pixels that two neighbours share at least
export const BLEND = 16; // pixels in the middle of those over which one fades into the other
export const MIN_TILE = 320; // pixels

/**
 * Cover a length with as few spans of at most `tile` as can be, all of nearly one size.
 * @param {number} length pixels
 * @param {number} tile pixels, a multiple of GRID from MIN_TILE on
 * @returns {Span[]}
 */
export function plan(length, tile) {
  if (tile % GRID || tile < MIN_TILE) {
    throw new RangeError(`tile must be a multiple of ${GRID} from ${MIN_TILE} on, got ${tile}`);
  }
  if (length <= tile) return [{ start: 0, stop: length, fadeIn: null, fadeOut: null }];
  const count = Math.ceil((length - OVERLAP) / (tile - OVERLAP));
  const needed = Math.ceil((length + (count - 1) * OVERLAP) / count);
  const side = Math.max(Math.ceil(needed / GRID) * GRID, MIN_TILE);
  const last = Math.ceil((length - side) / GRID); // start of the last span, in grid steps
  const starts = Array.from(
    { length: count },
    (_, index) => Math.floor((index * last) / (count - 1)) * GRID,
  );
  const stops = starts.map((start) => Math.min(start + side, length));
  const middles = starts.slice(1).map((start, index) => Math.floor((start + stops[index]) / 2));
  return starts.map((start, index) => ({
    start,
    stop: stops[index],
    fadeIn: middles[index - 1] ?? null,
    fadeOut: middles[index] ?? null,
  }));
}

/**
 * The weight of every output pixel of a span; those of all spans sum to one everywhere.
 * @param {Span} span
 * @param {number} scale output size over input size
 * @returns {Float32Array}
 */
export function fade({ start, stop, fadeIn, fadeOut }, scale) {
  return Float32Array.from({ length: (stop - start) * scale }, (_, index) => {
    const at = start + (index + 0.5) / scale;
    const rise = fadeIn === null ? 1 : share((at - fadeIn) / BLEND + 0.5);
    const fall = fadeOut === null ? 1 : share((fadeOut - at) / BLEND + 0.5);
    return rise * fall;
  });
}

/** @param {number} value */
function share(value) {
  return Math.min(Math.max(value, 0), 1);
}
