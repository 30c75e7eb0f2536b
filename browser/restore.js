// @ts-check
// A picture through a network in overlapping tiles, as src/jcarsr/restoring/restorer.py does it.

import { fade, plan } from "./tiling.js";

/** @typedef {import("./tiling.js").Span} Span */
/** @typedef {{ data: Uint8ClampedArray, width: number, height: number }} Pixels RGBA, all opaque */
/** @typedef {(planes: Float32Array, width: number, height: number) => Promise<Float32Array>} Run (3, height, width) in [0, 1] -> (3, scale * height, scale * width) */

const CHANNELS = 3;

/**
 * @param {Pixels} lq
 * @param {number} scale what the network enlarges by
 * @param {number} tile largest side of a tile, in pixels of the input
 * @param {Run} run the network
 * @param {(done: number, all: number) => void} onTile
 * @returns {Promise<Pixels>} scale times as wide and high
 */
export async function restore(lq, scale, tile, run, onTile) {
  const [rows, columns] = [plan(lq.height, tile), plan(lq.width, tile)];
  const [width, height] = [lq.width * scale, lq.height * scale];
  const sr = { data: new Uint8ClampedArray(4 * width * height), width, height };
  let carry = new Float32Array(0); // of the strip above, what this one blends with
  for (const [index, row] of rows.entries()) {
    const strip = new Float32Array((row.stop - row.start) * scale * width * CHANNELS);
    strip.set(carry);
    for (const [number, column] of columns.entries()) {
      const planes = cut(lq, row, column);
      const [across, down] = [column.stop - column.start, row.stop - row.start];
      const part = await run(planes, across, down);
      if (!part.every(Number.isFinite)) throw new Error("it computes values that are not finite");
      add(strip, width, part, shifts(planes, part), row, column, scale);
      onTile(index * columns.length + number + 1, rows.length * columns.length);
    }
    const next = rows[index + 1]?.start ?? lq.height;
    const ready = (next - row.start) * scale * width * CHANNELS;
    write(sr.data, row.start * scale * width, strip.subarray(0, ready));
    carry = strip.slice(ready);
  }
  return sr;
}

/**
 * A tile as planes of values from 0 to 1.
 * @param {Pixels} lq
 * @param {Span} row
 * @param {Span} column
 */
function cut({ data, width }, row, column) {
  const [across, down] = [column.stop - column.start, row.stop - row.start];
  const planes = new Float32Array(CHANNELS * across * down);
  for (let y = 0; y < down; y += 1) {
    for (let x = 0; x < across; x += 1) {
      const from = 4 * ((row.start + y) * width + column.start + x);
      for (let channel = 0; channel < CHANNELS; channel += 1) {
        planes[(channel * down + y) * across + x] = data[from + channel] / 255;
      }
    }
  }
  return planes;
}

/**
 * What to add to each channel of a tile so that its mean colour is that of its input.
 * @param {Float32Array} planes
 * @param {Float32Array} part
 */
function shifts(planes, part) {
  return Array.from(
    { length: CHANNELS },
    (_, channel) => mean(planes, channel) - mean(part, channel),
  );
}

/**
 * The mean of a channel, its values clamped to [0, 1].
 * @param {Float32Array} planes
 * @param {number} channel
 */
function mean(planes, channel) {
  const size = planes.length / CHANNELS;
  let sum = 0;
  for (let at = channel * size; at < (channel + 1) * size; at += 1) {
    sum += Math.min(Math.max(planes[at], 0), 1);
  }
  return sum / size;
}

/**
 * Add a tile, faded, to its strip of (height, width, 3) values.
 * @param {Float32Array} strip
 * @param {number} width of the strip
 * @param {Float32Array} part
 * @param {number[]} shift
 * @param {Span} row
 * @param {Span} column
 * @param {number} scale
 */
function add(strip, width, part, shift, row, column, scale) {
  const [down, across] = [fade(row, scale), fade(column, scale)];
  for (let channel = 0; channel < CHANNELS; channel += 1) {
    for (let y = 0; y < down.length; y += 1) {
      const from = (channel * down.length + y) * across.length;
      const to = y * width + column.start * scale;
      for (let x = 0; x < across.length; x += 1) {
        const value = (part[from + x] + shift[channel]) * across[x] * down[y];
        strip[CHANNELS * (to + x) + channel] += value;
      }
    }
  }
}

/**
 * Values in [0, 1] -> opaque pixels, clamped and rounded by the array they go to.
 * @param {Uint8ClampedArray} data
 * @param {number} first pixel
 * @param {Float32Array} values
 */
function write(data, first, values) {
  for (let pixel = 0; pixel < values.length / CHANNELS; pixel += 1) {
    const to = 4 * (first + pixel);
    for (let channel = 0; channel < CHANNELS; channel += 1) {
      data[to + channel] = 255 * values[CHANNELS * pixel + channel];
    }
    data[to + 3] = 255;
  }
}
