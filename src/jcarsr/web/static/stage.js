// @ts-check
// The frame in which a picture is zoomed, moved and divided into before and after.

import { clamp, covered, fitted, settled, zoomed } from "./camera.js";

/** @typedef {import("./camera.js").Point} Point */
/** @typedef {import("./camera.js").Size} Size */

const PIXELATED = 3; // screen pixels a pixel beyond which pixels are shown as squares
const LABEL = 96; // CSS pixels next to the divider that a corner's label needs

/** Sends "change" when the zoom or the divider changes. */
export class Stage extends EventTarget {
  /** @type {Size} */
  #frame = { width: 0, height: 0 };
  /** @type {Size | null} */
  #picture = null;
  #pose = { x: 0, y: 0, scale: 1 };
  #fits = true; // the picture stays fitted when the frame changes
  #part = 0.5; // of what is seen lies left of the divider
  #divided = false;

  /**
   * @param {HTMLElement} frame
   * @param {HTMLElement} plane holds the pictures
   * @param {HTMLInputElement} divider
   */
  constructor(frame, plane, divider) {
    super();
    this.element = frame;
    this.plane = plane;
    this.divider = divider;
    divider.addEventListener("input", () => this.#divide(Number(divider.value) / 100));
    new ResizeObserver(() => this.#resize()).observe(frame);
  }

  /** Screen pixels that a pixel of the picture takes. */
  get zoom() {
    return this.#pose.scale * devicePixelRatio;
  }

  /** Whether there is a picture to be moved or divided. */
  get usable() {
    return this.#picture !== null && this.#frame.width > 0;
  }

  get divided() {
    return this.#divided;
  }

  /** Whether some of the picture lies outside the frame. */
  get movable() {
    const { width, height } = this.#picture ?? { width: 0, height: 0 };
    const { scale } = this.#pose;
    const more = 0.5; // CSS pixels, against rounding
    return width * scale > this.#frame.width + more || height * scale > this.#frame.height + more;
  }

  /** Where the divider is in the frame. */
  get dividerX() {
    const { left, right } = this.#covered();
    return left + this.#part * (right - left);
  }

  get middle() {
    return { x: this.#frame.width / 2, y: this.#frame.height / 2 };
  }

  /**
   * Show a picture of this size; of the same size, it stays where it is.
   * @param {Size | null} picture
   */
  show(picture) {
    if (picture?.width === this.#picture?.width && picture?.height === this.#picture?.height)
      return;
    this.#picture = picture;
    this.fit();
  }

  /** @param {boolean} divided */
  divide(divided) {
    if (divided === this.#divided) return;
    this.#divided = divided;
    this.#apply();
  }

  fit() {
    this.#fits = true;
    if (this.usable && this.#picture) {
      this.#pose = fitted(this.#frame, this.#picture, devicePixelRatio);
    }
    this.#apply();
  }

  /**
   * @param {number} scale CSS pixels a pixel
   * @param {Point} [at]
   */
  zoomTo(scale, at = this.middle) {
    if (!this.usable || !this.#picture) return;
    this.#pose = zoomed(this.#pose, scale, at, this.#frame, this.#picture, devicePixelRatio);
    this.#fits = this.#pose.scale === fitted(this.#frame, this.#picture, devicePixelRatio).scale;
    this.#apply();
  }

  /**
   * @param {number} factor
   * @param {Point} [at]
   */
  zoomBy(factor, at = this.middle) {
    this.zoomTo(this.#pose.scale * factor, at);
  }

  /** One pixel of the picture on one of the screen. */
  full() {
    this.zoomTo(1 / devicePixelRatio);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  moveBy(x, y) {
    if (!this.usable || !this.#picture) return;
    const { x: left, y: top, scale } = this.#pose;
    this.#pose = settled({ x: left + x, y: top + y, scale }, this.#frame, this.#picture);
    this.#apply();
  }

  /** @param {number} x in the frame */
  divideAt(x) {
    const { left, right } = this.#covered();
    if (right > left) this.#divide((x - left) / (right - left));
  }

  /** @param {number} part */
  #divide(part) {
    this.#part = clamp(part, 0, 1);
    this.#apply();
  }

  #resize() {
    const { width, height } = this.element.getBoundingClientRect();
    this.#frame = { width: Math.round(width), height: Math.round(height) };
    if (this.#fits) this.fit();
    else this.moveBy(0, 0);
  }

  #covered() {
    if (!this.#picture) return { left: 0, top: 0, right: 0, bottom: 0 };
    return covered(this.#pose, this.#frame, this.#picture);
  }

  #apply() {
    const { x, y, scale } = this.#pose;
    const { width, height } = this.#picture ?? { width: 0, height: 0 };
    const { left, top, right, bottom } = this.#covered();
    const cut = width ? (this.dividerX - x) / (width * scale) : 0;
    set(this.plane, {
      "--width": `${width}px`,
      "--height": `${height}px`,
      "--move": `translate(${x}px, ${y}px) scale(${scale})`,
      "--cut": `${clamp(100 * cut, 0, 100)}%`,
    });
    set(this.element, {
      "--left": `${left}px`,
      "--top": `${top}px`,
      "--seen-width": `${right - left}px`,
      "--seen-height": `${bottom - top}px`,
      "--divider": `${this.dividerX}px`,
    });
    this.plane.classList.toggle("pixelated", this.zoom > PIXELATED + 0.01);
    this.element.classList.toggle("divided", this.#divided);
    this.element.classList.toggle("movable", this.movable);
    this.element.classList.toggle("no-left", this.dividerX - left < LABEL);
    this.element.classList.toggle("no-right", right - this.dividerX < LABEL);
    this.divider.value = String(100 * this.#part);
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * @param {HTMLElement} element
 * @param {Record<string, string>} properties
 */
function set(element, properties) {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
}
