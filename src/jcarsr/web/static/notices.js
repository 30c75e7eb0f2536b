// @ts-check
// Lines that are not about one place of the page.

import { byId } from "./dom.js";

/** @param {string} words for screen readers */
export function say(words) {
  byId("status", HTMLElement).textContent = words;
}

/** @param {string} words that everybody should see; "" = nothing any more */
export function warn(words) {
  const notice = byId("notice", HTMLElement);
  notice.textContent = words;
  notice.hidden = !words;
}
