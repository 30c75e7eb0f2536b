// @ts-check
// Starts the page.

import { Problem, service } from "./api.js";
import { byId, fill } from "./dom.js";
import { time } from "./format.js";
import { warn } from "./notices.js";
import { Page } from "./page.js";
import { text } from "./strings.js";
import { offerThemes } from "./theme.js";
import { askForToken, takeFromAddress } from "./token.js";

document.title = text("title");
fill();
offerThemes(byId("theme", HTMLFieldSetElement));
takeFromAddress();
try {
  const known = await service();
  const { version, limits } = known;
  byId("version", HTMLElement).textContent = text("version", { version });
  byId("kept", HTMLElement).textContent = text("kept", { time: time(limits.keep_seconds) });
  new Page(known);
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  if (error.status === 401) askForToken();
  else warn(error.message);
}
