// @ts-check
// Finding, making and filling elements.

import { isKey, text } from "./strings.js";

/**
 * The element with this id, of this class.
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`#${id} is no ${kind.name}`);
  return found;
}

/**
 * A new element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * One of the symbols in index.html.
 * @param {string} name
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#${name}`);
  picture.append(use);
  return picture;
}

/** Put the strings where `data-text`, `data-label` and `data-title` ask for them. */
export function fill() {
  for (const element of document.querySelectorAll("[data-text], [data-label], [data-title]")) {
    if (!(element instanceof HTMLElement)) continue;
    const { text: words, label, title } = element.dataset;
    if (isKey(words)) element.textContent = text(words);
    if (isKey(label)) element.setAttribute("aria-label", text(label));
    if (isKey(title)) element.title = text(title);
  }
}

/**
 * Fill a fieldset with radio buttons that look like one control.
 * @param {HTMLFieldSetElement} group
 * @param {{ value: string, label: string, title?: string, icon?: string, disabled?: boolean }[]} choices
 * @param {string} chosen
 */
export function radios(group, choices, chosen) {
  const labels = choices.map((choice) => {
    const input = make("input", { type: "radio", name: group.id, value: choice.value });
    input.checked = choice.value === chosen;
    input.disabled = choice.disabled ?? false;
    const label = make("label", { class: "segment" }, input);
    if (choice.title) label.title = choice.title;
    if (choice.icon) {
      input.setAttribute("aria-label", choice.label);
      label.append(make("span", {}, icon(choice.icon)));
    } else {
      label.append(make("span", {}, choice.label));
    }
    return label;
  });
  group.append(make("div", { class: "track" }, ...labels));
}

/**
 * The value of the radio button that is chosen.
 * @param {HTMLFieldSetElement} group
 */
export function chosen(group) {
  return group.querySelector("input:checked")?.getAttribute("value") ?? "";
}
