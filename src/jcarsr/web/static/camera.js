// @ts-check
// Where a picture lies in its frame: pure geometry, in CSS pixels.

/** @typedef {{ width: number, height: number }} Size */
/** @typedef {{ x: number, y: number }} Point */
/** @typedef {{ x: number, y: number, scale: number }} Pose top left corner and CSS pixels a pixel */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box */

const LARGEST = 32; // screen pixels a pixel
const LARGEST_FIT = 3; // the same, when a small picture is fitted into a large frame

/**
 * The whole picture, in the middle.
 * @param {Size} frame
 * @param {Size} picture
 * @param {number} ratio screen pixels a CSS pixel
 * @returns {Pose}
 */
export function fitted(frame, picture, ratio) {
  const room = Math.min(frame.width / picture.width, frame.height / picture.height);
  const scale = Math.min(room, LARGEST_FIT / ratio);
  return settled({ x: 0, y: 0, scale }, frame, picture);
}

/**
 * Another scale, around a point of the frame that stays where it is.
 * @param {Pose} pose
 * @param {number} scale
 * @param {Point} at
 * @param {Size} frame
 * @param {Size} picture
 * @param {number} ratio screen pixels a CSS pixel
 * @returns {Pose}
 */
export function zoomed(pose, scale, at, frame, picture, ratio) {
  const fit = fitted(frame, picture, ratio).scale;
  const wanted = clamp(scale, Math.min(fit, 1 / ratio), Math.max(fit, LARGEST / ratio));
  const grown = wanted / pose.scale;
  const moved = { x: at.x - (at.x - pose.x) * grown, y: at.y - (at.y - pose.y) * grown };
  return settled({ ...moved, scale: wanted }, frame, picture);
}

/**
 * The nearest pose that leaves no gap around a picture that could fill it.
 * @param {Pose} pose
 * @param {Size} frame
 * @param {Size} picture
 * @returns {Pose}
 */
export function settled({ x, y, scale }, frame, picture) {
  return {
    x: along(x, picture.width * scale, frame.width),
    y: along(y, picture.height * scale, frame.height),
    scale,
  };
}

/**
 * The part of the frame that the picture covers.
 * @param {Pose} pose
 * @param {Size} frame
 * @param {Size} picture
 * @returns {Box}
 */
export function covered({ x, y, scale }, frame, picture) {
  return {
    left: Math.max(x, 0),
    top: Math.max(y, 0),
    right: Math.min(x + picture.width * scale, frame.width),
    bottom: Math.min(y + picture.height * scale, frame.height),
  };
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
export function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

/**
 * @param {number} start
 * @param {number} length
 * @param {number} room
 */
function along(start, length, room) {
  return length <= room ? (room - length) / 2 : clamp(start, room - length, 0);
}
