// @ts-check
// The token of a server that asks for one: from the address once, then kept while the tab is open.

import { byId } from "./dom.js";

const KEY = "token";
const FRAGMENT = "#token=";

/** Take the token out of the page's address, where it would be seen and copied. */
export function takeFromAddress() {
  if (!location.hash.startsWith(FRAGMENT)) return;
  sessionStorage.setItem(KEY, decodeURIComponent(location.hash.slice(FRAGMENT.length)));
  history.replaceState(null, "", location.pathname + location.search);
}

/** @returns {Record<string, string>} the header that a request needs */
export function authorization() {
  const token = sessionStorage.getItem(KEY);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** Ask for the token, then begin again. */
export function askForToken() {
  const entry = byId("token-entry", HTMLFormElement);
  const field = byId("token", HTMLInputElement);
  entry.hidden = false;
  field.focus();
  entry.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(KEY, field.value.trim());
    location.reload();
  });
}
