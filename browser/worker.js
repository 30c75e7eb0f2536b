// @ts-check
// Computes, so that the page stays awake: one picture a message, each tile reported.

import * as ort from "./ort.js";
import { restore } from "./restore.js";

/** @typedef {{ graph: string, scale: number, pixels: import("./restore.js").Pixels }} Order */

const TILE = 384; // pixels: larger ones are hardly faster on one thread, and progress is rarer

ort.env.wasm.numThreads = 1; // more need headers that plain file servers do not send
ort.env.wasm.proxy = false;
ort.env.wasm.wasmPaths = { wasm: new URL("./ort.wasm", import.meta.url).href };

/** @type {Map<string, Promise<ort.InferenceSession>>} */
const sessions = new Map();

/** @param {string} graph its address */
function sessionOf(graph) {
  const known = sessions.get(graph);
  if (known) return known;
  const made = fetch(graph).then(async (answer) => {
    if (!answer.ok) throw new Error(`the network is not there (${answer.status})`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  });
  sessions.set(graph, made);
  return made;
}

/** @param {Order} order */
async function follow({ graph, scale, pixels }) {
  const session = await sessionOf(graph);
  postMessage({ done: 0, all: 1 });
  /** @type {import("./restore.js").Run} */
  const run = async (planes, width, height) => {
    const input = new ort.Tensor("float32", planes, [1, 3, height, width]);
    const { output } = await session.run({ input });
    return /** @type {Float32Array} */ (output.data);
  };
  const sr = await restore(pixels, scale, TILE, run, (done, all) => postMessage({ done, all }));
  const canvas = new OffscreenCanvas(sr.width, sr.height);
  const context = canvas.getContext("2d");
  if (!context) throw new Error(`no room for ${sr.width} x ${sr.height} pixels`);
  context.putImageData(new ImageData(sr.data, sr.width, sr.height), 0, 0);
  postMessage({ png: await canvas.convertToBlob({ type: "image/png" }) });
}

addEventListener("message", async ({ data }) => {
  try {
    await follow(data);
  } catch (error) {
    postMessage({ failed: error instanceof Error ? error.message : String(error) });
  }
});
