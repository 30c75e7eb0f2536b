// @ts-check
// Starts the page.

import { Demo } from "./demo.js";
import { byId, fill, radios } from "./viewer/dom.js";
import { followButtons, followKeys, followPointers } from "./viewer/gestures.js";
import { takeFiles } from "./viewer/intake.js";
import { Stage } from "./viewer/stage.js";
import { text } from "./viewer/strings.js";
import { offerThemes } from "./viewer/theme.js";

fill();
offerThemes(byId("theme", HTMLFieldSetElement));
const scale = byId("scale", HTMLFieldSetElement);
const weights = byId("weights", HTMLFieldSetElement);
radios(
  scale,
  [2, 4].map((value) => ({ value: String(value), label: text("scaleTimes", { scale: value }) })),
  "2",
);
radios(
  weights,
  [
    {
      value: "jcarsr-web-lite",
      label: "From the web",
      title: "jcarsr-web-lite: saved several times, made smaller or cropped in between",
    },
    { value: "jcarsr-lite", label: "Saved once", title: "jcarsr-lite: saved as JPEG a single time" },
  ],
  "jcarsr-web-lite",
);

const stage = new Stage(
  byId("stage", HTMLElement),
  byId("plane", HTMLElement),
  byId("divider", HTMLInputElement),
);
followPointers(stage);
followKeys(stage, byId("viewer", HTMLElement));
followButtons(stage, {
  in: byId("zoom-in", HTMLElement),
  out: byId("zoom-out", HTMLElement),
  fit: byId("zoom-fit", HTMLElement),
  full: byId("zoom-full", HTMLElement),
});
const zoom = byId("zoom-level", HTMLElement);
stage.addEventListener("change", () => {
  zoom.textContent = text("percent", { value: Math.round(100 * stage.zoom) });
});

const demo = new Demo(stage, scale, weights);
takeFiles((files) => void demo.take(files));
for (const group of [scale, weights]) group.addEventListener("change", () => void demo.restore());
