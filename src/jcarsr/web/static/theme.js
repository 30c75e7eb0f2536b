// @ts-check
// Light, dark, or as the system wants it; remembered.

import { radios } from "./dom.js";
import { text } from "./strings.js";

const KEY = "jcarsr-theme";

/** What was chosen in an earlier visit. */
function remembered() {
  try {
    return localStorage.getItem(KEY) ?? "auto";
  } catch {
    return "auto"; // the browser lets this page remember nothing
  }
}

/** @param {string} theme */
function apply(theme) {
  document.documentElement.dataset.theme = theme;
}

/** @param {HTMLFieldSetElement} group */
export function offerThemes(group) {
  const choices = [
    { value: "auto", label: text("themeAuto"), title: text("themeAuto"), icon: "auto" },
    { value: "light", label: text("themeLight"), title: text("themeLight"), icon: "sun" },
    { value: "dark", label: text("themeDark"), title: text("themeDark"), icon: "moon" },
  ];
  radios(group, choices, remembered());
  group.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    apply(event.target.value);
    try {
      localStorage.setItem(KEY, event.target.value);
    } catch {
      return; // as above
    }
  });
}

apply(remembered());
