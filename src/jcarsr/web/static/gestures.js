// @ts-check
// Mouse, fingers and keys on the stage.

/** @typedef {import("./camera.js").Point} Point */
/** @typedef {import("./stage.js").Stage} Stage */

const STEP = 1.25; // of a zoom by key or button
const MOVE = 60; // CSS pixels of a move by key
const REACH = { touch: 32, other: 16 }; // CSS pixels around the divider that take hold of it
const WHEEL = { line: 0.05, pinch: 0.01, pixel: 0.002 }; // zoom a unit, as a natural logarithm

/** @param {Stage} stage */
export function followPointers(stage) {
  const { element } = stage;
  /** @type {Map<number, Point>} */
  const pointers = new Map();
  let slides = false; // else the picture is moved
  let grip = 0; // from the pointer to the divider
  let began = 0; // where the divider was

  /** @param {PointerEvent} event */
  const near = ({ clientX, clientY, pointerType }) => {
    const reach = pointerType === "touch" ? REACH.touch : REACH.other;
    const { x } = within(element, clientX, clientY);
    return stage.divided && Math.abs(x - stage.dividerX) <= reach;
  };

  element.addEventListener("pointerdown", (event) => {
    const onButton = event.target instanceof Element && event.target.closest("button");
    if (event.button !== 0 || !stage.usable || onButton) return;
    const point = within(element, event.clientX, event.clientY);
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, point);
    slides = stage.divided && (near(event) || !stage.movable);
    began = stage.dividerX;
    grip = near(event) ? stage.dividerX - point.x : 0;
    if (slides && event.pointerType !== "touch") stage.divideAt(point.x + grip);
    if (slides) stage.divider.focus({ preventScroll: true });
    element.classList.add("by-pointer");
    element.classList.toggle("held", !slides);
    event.preventDefault();
  });

  element.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) {
      element.classList.toggle("near", near(event));
      return;
    }
    const now = within(element, event.clientX, event.clientY);
    const others = [...pointers].filter(([id]) => id !== event.pointerId);
    pointers.set(event.pointerId, now);
    const other = others[0]?.[1];
    if (other) pinch(stage, other, before, now);
    else if (slides) stage.divideAt(now.x + grip);
    else stage.moveBy(now.x - before.x, now.y - before.y);
  });

  /** @param {PointerEvent} event */
  const end = (event) => {
    pointers.delete(event.pointerId);
    slides &&= pointers.size === 0; // the finger that is left after a pinch moves the picture
    element.classList.remove("held");
  };
  element.addEventListener("keydown", () => element.classList.remove("by-pointer"));
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", (event) => {
    if (slides) stage.divideAt(began); // the finger scrolls the page instead
    end(event);
  });
  element.addEventListener("wheel", (event) => zoomByWheel(stage, event), { passive: false });
}

/**
 * @param {Stage} stage
 * @param {HTMLElement} area in which the keys work
 */
export function followKeys(stage, area) {
  /** @type {Record<string, () => void>} */
  const keys = {
    "+": () => stage.zoomBy(STEP),
    "=": () => stage.zoomBy(STEP),
    "-": () => stage.zoomBy(1 / STEP),
    0: () => stage.fit(),
    1: () => stage.full(),
    "Shift+ArrowLeft": () => stage.moveBy(MOVE, 0),
    "Shift+ArrowRight": () => stage.moveBy(-MOVE, 0),
    "Shift+ArrowUp": () => stage.moveBy(0, MOVE),
    "Shift+ArrowDown": () => stage.moveBy(0, -MOVE),
  };
  area.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLSelectElement) return;
    const arrow = event.shiftKey && event.key.startsWith("Arrow");
    const act = keys[arrow ? `Shift+${event.key}` : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/**
 * @param {Stage} stage
 * @param {{ in: HTMLElement, out: HTMLElement, fit: HTMLElement, full: HTMLElement }} buttons
 */
export function followButtons(stage, buttons) {
  buttons.in.addEventListener("click", () => stage.zoomBy(STEP));
  buttons.out.addEventListener("click", () => stage.zoomBy(1 / STEP));
  buttons.fit.addEventListener("click", () => stage.fit());
  buttons.full.addEventListener("click", () => stage.full());
}

/**
 * @param {Stage} stage
 * @param {Point} still the finger that does not move
 * @param {Point} before the other one
 * @param {Point} now
 */
function pinch(stage, still, before, now) {
  const spread = (/** @type {Point} */ to) => Math.hypot(to.x - still.x, to.y - still.y);
  stage.moveBy((now.x - before.x) / 2, (now.y - before.y) / 2);
  const middle = { x: (still.x + now.x) / 2, y: (still.y + now.y) / 2 };
  if (spread(before) > 0) stage.zoomBy(spread(now) / spread(before), middle);
}

/**
 * @param {Stage} stage
 * @param {WheelEvent} event
 */
function zoomByWheel(stage, event) {
  event.preventDefault();
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE;
  const unit = lines ? WHEEL.line : event.ctrlKey ? WHEEL.pinch : WHEEL.pixel;
  const at = within(stage.element, event.clientX, event.clientY);
  stage.zoomBy(Math.exp(-event.deltaY * unit), at);
}

/**
 * @param {HTMLElement} element
 * @param {number} x
 * @param {number} y
 * @returns {Point}
 */
function within(element, x, y) {
  const { left, top } = element.getBoundingClientRect();
  return { x: x - left, y: y - top };
}
