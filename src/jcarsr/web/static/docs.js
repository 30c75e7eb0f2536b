// @ts-check
// The API's documentation, from the server's own OpenAPI document.

import { byId, fill, make } from "./dom.js";
import { text } from "./strings.js";
import { offerThemes } from "./theme.js";

/** @typedef {Record<string, any>} Json */

const METHODS = ["get", "post", "put", "patch", "delete"];

/**
 * What a `$ref` points at; anything else as it is.
 * @param {Json} schema
 * @param {Json} api
 * @returns {Json}
 */
function resolved(schema, api) {
  if (!schema.$ref) return schema;
  const path = schema.$ref.slice(2).split("/");
  return path.reduce((/** @type {Json} */ place, /** @type {string} */ key) => place[key], api);
}

/**
 * @param {Json} schema
 * @param {Json} api
 * @returns {string}
 */
function typeOf(schema, api) {
  const { anyOf, enum: values, type, items, format, contentMediaType } = resolved(schema, api);
  if (anyOf) return anyOf.map((/** @type {Json} */ one) => typeOf(one, api)).join(" | ");
  if (values) return values.join(" | ");
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (format === "binary" || contentMediaType) return text("docsFile");
  if (type === "array" && items) return text("docsList", { item: typeOf(items, api) });
  return type ?? "";
}

/**
 * Paragraphs, with code between backticks.
 * @param {string} words
 */
function prose(words = "") {
  return words.split(/\n\s*\n/).map((paragraph) => {
    const pieces = paragraph.split("`");
    return make("p", {}, ...pieces.map((piece, i) => (i % 2 ? make("code", {}, piece) : piece)));
  });
}

/**
 * @param {string} name
 * @param {Json} schema
 * @param {Json} api
 * @param {{ required?: boolean, description?: string }} more
 */
function field(name, schema, api, { required = false, description = "" }) {
  const { minimum, maximum } = schema;
  const notes = [typeOf(schema, api)];
  if (minimum !== undefined && maximum !== undefined) {
    notes.push(text("docsRange", { from: minimum, to: maximum }));
  }
  if (required) notes.push(text("docsRequired"));
  const preset = schema.default ?? null;
  if (preset !== null) notes.push(text("docsDefault", { value: String(preset) }));
  const term = make("dt", {}, make("code", {}, name));
  const kind = make("p", { class: "kind" }, notes.filter(Boolean).join(", "));
  return make("div", {}, term, make("dd", {}, kind, ...prose(description)));
}

/**
 * @param {"docsParameters" | "docsFields" | "docsResponses"} key
 * @param {HTMLElement[]} entries
 */
function table(key, entries) {
  return entries.length ? [make("h3", {}, text(key)), make("dl", {}, ...entries)] : [];
}

/**
 * @param {Json} schema of an object
 * @param {Json} api
 */
function fieldsOf(schema, api) {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const required = schema.required?.includes(name);
    return field(name, property, api, { required, description: property.description });
  });
}

/**
 * @param {string} status
 * @param {Json} response
 */
function answer(status, { description, content = {} }) {
  const kinds = Object.entries(content).flatMap(([kind, { schema = {} }]) => {
    const name = schema.$ref?.split("/").at(-1);
    return name ? [make("a", { href: `#${name}` }, name), ` as ${kind} `] : [`${kind} `];
  });
  const told = make("dd", {}, make("p", { class: "kind" }, ...kinds), ...prose(description));
  return make("div", {}, make("dt", {}, make("code", {}, status)), told);
}

/**
 * @param {string} path
 * @param {Json} form
 * @param {Json} responses
 */
function curl(path, form, responses) {
  const fields = (form.required ?? []).map(
    (/** @type {string} */ name) => ` -F ${name}=@photo.jpg`,
  );
  const picture = Object.keys(responses["200"]?.content ?? {}).includes("image/png");
  const output = picture ? " -o restored.png" : "";
  const command = `curl --fail-with-body${fields.join("")} ${location.origin}${path}${output}`;
  return [make("h3", {}, text("docsExample")), make("pre", {}, make("code", {}, command))];
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Json} operation
 * @param {Json} api
 */
function section(method, path, operation, api) {
  const { description, parameters = [], requestBody, responses } = operation;
  const form = resolved(Object.values(requestBody?.content ?? {})[0]?.schema ?? {}, api);
  const title = make("h2", {}, make("span", { class: "method" }, method.toUpperCase()), path);
  const given = parameters.map((/** @type {Json} */ parameter) =>
    field(parameter.name, parameter.schema, api, parameter),
  );
  const answers = Object.entries(responses).map(([status, response]) => answer(status, response));
  return make(
    "section",
    { id: operation.operationId },
    title,
    ...prose(description ?? operation.summary),
    ...table("docsParameters", given),
    ...table("docsFields", fieldsOf(form, api)),
    ...table("docsResponses", answers),
    ...(method === "post" ? curl(path, form, responses) : []),
  );
}

/** @param {Json} api */
function show(api) {
  byId("about", HTMLElement).replaceChildren(...prose(api.info.description));
  byId("version", HTMLElement).textContent = text("version", { version: api.info.version });
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((name) => name in item)) {
      const shown = section(method, path, item[method], api);
      const badge = make("span", { class: "method" }, method.toUpperCase());
      const link = make("a", { href: `#${shown.id}` }, badge, path);
      byId("contents", HTMLElement).append(make("li", {}, link));
      byId("operations", HTMLElement).append(shown);
    }
  }
  for (const [name, schema] of Object.entries(api.components?.schemas ?? {})) {
    if (!schema.properties || /^Body_|ValidationError$/.test(name)) continue;
    const fields = make("dl", {}, ...fieldsOf(schema, api));
    byId("objects", HTMLElement).append(
      make("h3", { id: name }, name),
      ...prose(schema.description),
      fields,
    );
  }
}

fill();
offerThemes(byId("theme", HTMLFieldSetElement));
const response = await fetch("/openapi.json").catch(() => null);
if (response?.ok) {
  show(await response.json());
} else {
  const notice = byId("notice", HTMLElement);
  notice.textContent = text("unreachable");
  notice.hidden = false;
}
