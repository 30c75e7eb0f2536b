// @ts-check
// Every word that the page says.

const STRINGS = Object.freeze({
  // index.html
  title: "jcarsr: restore pictures",
  headlineIn: "Small, badly compressed pictures in.",
  headlineOut: "Large, clean pictures out.",
  lead: "One network removes what JPEG left behind and enlarges in the same step.",
  choose: "Choose pictures",
  chooseHint: "or drop them or a folder anywhere, or paste one",
  options: "How to restore",
  scale: "Size",
  weights: "Weights",
  queue: "Pictures",
  downloadAll: "Download all",
  removeAll: "Clear",
  removeAllTitle: "Remove all pictures",
  comparison: "Comparison",
  divider: "Divider between before and after",
  zoom: "Zoom",
  zoomOut: "Zoom out",
  zoomOutKey: "Zoom out (−)",
  zoomIn: "Zoom in",
  zoomInKey: "Zoom in (+)",
  fit: "Fit",
  fitKey: "Fit into the frame (0)",
  full: "1:1",
  fullKey: "One pixel of the picture on one of the screen (1)",
  strength: "Strength",
  strengthTitle: "How much is restored: 0 % is bicubic enlargement alone",
  crisp: "Crispness",
  crispTitle: "0 % is the faithful picture; more is sharper, and invents detail",
  edges: "Edges",
  edgesTitle: "Show where the network expects edges",
  detail: "Departures",
  detailTitle:
    "Show where the result departs from what the JPEG says (blue) and from the faithful picture (red)",
  format: "Format",
  download: "Download",
  dropHere: "Drop to restore",
  noneDropped: "There are no pictures in this folder",
  facts: "About the file",
  notes: "Notes",
  theme: "Colours",
  themeAuto: "As the system",
  themeLight: "Light",
  themeDark: "Dark",
  docsLink: "API documentation",
  schemaLink: "OpenAPI",
  kept: "Pictures stay on the computer that runs this server. They are deleted when you leave this page, and after {time} at the latest.",
  version: "jcarsr {version}",

  // options
  scaleClean: "Clean only",
  scaleCleanTitle: "Remove JPEG artifacts, keep the size",
  scaleTimes: "×{scale}",
  scaleTimesTitle: "{scale} times as wide and high",
  weightsAuto: "Automatic",
  weightsSmall: "Small",
  weightsLarge: "Large",
  chosenClean: "clean only, {weights}",
  chosenTimes: "×{scale}, {weights}",

  // what happens to a picture
  waiting: "Waiting to be sent",
  sending: "Sending",
  busy: "Server is busy, trying again in {seconds} s",
  queuedNext: "Next in line",
  queuedOne: "Waiting, 1 picture before it",
  queuedMany: "Waiting, {count} pictures before it",
  running: "Restoring",
  runningLeft: "Restoring, {time} left",
  done: "{size}, {time}",
  cancelled: "Cancelled",
  expired: "Deleted on the server",
  tooLarge: "{size} is too large, the server takes up to {limit} a picture",
  empty: "The file is empty or cannot be read",
  unreachable: "The server does not answer, or the file cannot be read any more",
  refused: "The server answered {status}",
  loading: "Loading",
  broken: "This browser cannot show the result",
  edgesBusy: "Finding edges",
  edgesFailed: "No edges: {message}",

  detailBusy: "Comparing with the JPEG",
  detailFailed: "No comparison: {message}",

  tokenAsk: "This server's token",
  tokenSend: "Continue",

  // buttons of one picture
  again: "Restore again",
  againWith: "Restore again: {options}",
  retry: "Try again",
  retryName: "Try {name} again",
  salvage: "Restore what there is",
  salvageName: "Restore what there is of {name}",
  cancelName: "Cancel {name}",
  removeName: "Remove {name}",

  // the viewer
  beforeOriginal: "Input",
  beforeEnlarged: "Bicubic",
  afterRestored: "Restored",
  afterCrisp: "Restored, crisp",
  previewAlt: "{name}, as it is",
  beforeAlt: "{name}, enlarged by bicubic interpolation",
  afterAlt: "{name}, restored",
  crispAlt: "{name}, restored crisply",
  edgesAlt: "{name}, edges that the network expects",
  detailAlt: "{name}, departures from what the JPEG says",
  dividerValue: "{percent} % {before}",
  outcome: "{size} pixels, {bytes} as {format}, {time}, {weights}",
  percent: "{value} %",

  // facts
  factFormat: "Format",
  factSize: "Size",
  factPixels: "Pixels",
  factFrames: "Frames",
  factQuality: "JPEG quality",
  factProfile: "Colour profile",
  factMetadata: "Metadata, kept",
  factWeights: "Weights",
  factMemory: "Memory",
  factEarlier: "Saved before",
  factSupport: "Supported by the JPEG (faithful picture)",
  support: "{share} % of its coefficients, the others {steps} steps off",
  supportAll: "all of its coefficients",
  supportTitle:
    "The result, shrunk and transformed again, held against the intervals that the file's coefficients leave open",
  progressive: "progressive",
  sequential: "sequential",
  turned: "{stored}, upright {upright}",
  bits: "{mode}, {bits} bits",
  transparent: "with transparency",
  qualityExact: "{value}, exact",
  qualityAbout: "about {value}",
  qualityUnknown: "unknown",
  qualityOutside: "The weights were trained on qualities {from} to {to} only.",
  trained: "{name}, trained on qualities {from} to {to}",
  untitledProfile: "without a name",
  profileOf: "{name} ({space})",
  dpi: "{x} × {y} dpi",
  none: "none",
  memory: "about {size}",

  // for screen readers
  saidAddedOne: "1 picture added",
  saidAddedMany: "{count} pictures added",
  saidDone: "{name}: restored, {size} pixels",
  saidFailed: "{name}: {message}",
  saidRemoved: "{name} removed",
  saidSaved: "{name} saved",

  // units
  size: "{width}\u00a0×\u00a0{height}",
  seconds: "{value}\u00a0s",
  minutes: "{value}\u00a0min",
  tallyDone: "{done} of {count} done",

  // docs.html
  docsTitle: "HTTP API",
  docsBack: "Restore pictures",
  docsOperations: "Operations",
  docsObjects: "Objects",
  docsParameters: "Parameters",
  docsFields: "Form fields",
  docsResponses: "Responses",
  docsExample: "Example",
  docsRequired: "required",
  docsDefault: "default {value}",
  docsRange: "{from} to {to}",
  docsList: "list of {item}",
  docsFile: "file",
});

/** @typedef {keyof typeof STRINGS} Key */

/**
 * A string, with `{names}` replaced.
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 */
export function text(key, values = {}) {
  return STRINGS[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/**
 * Whether there is such a string.
 * @param {string | undefined} key
 * @returns {key is Key}
 */
export function isKey(key) {
  return key !== undefined && key in STRINGS;
}
