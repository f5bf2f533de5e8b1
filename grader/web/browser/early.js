// Stands in the head of the page of notebooks: Python begins while JupyterLite is still being loaded. The extension
// takes the worker over when it comes; where this failed, it starts one itself.
import { described, open } from "./begin.js";
import { progress } from "./progress.js";

const BASE = new URL("../python/", location.href).href;

window.mlmkitEarly = described(BASE).then(
  (about) => ({ about, ...open(BASE, about, progress) }),
  () => null,
);
