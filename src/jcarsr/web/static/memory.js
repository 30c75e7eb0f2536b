// @ts-check
// What the page remembers between visits, if the browser lets it.

const PREFIX = "jcarsr-";

/**
 * @param {string} key
 * @returns {string | null}
 */
export function remembered(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
export function remember(key, value) {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    return; // the browser lets this page remember nothing
  }
}
