// What JupyterLite loads: a kernel, and a button. It calls `init` with the modules it shares, then `get`.
import { described, open } from "./begin.js";
import { download, missing } from "./hand_in.js";
import { makeKernel } from "./kernel.js";
import { progress } from "./progress.js";

const NAME = "mlmkit-tab";
// .../extensions/mlmkit-tab/static/remoteEntry.js, and .../python/
const BASE = new URL("../../../python/", document.currentScript.src).href;
const LABEL = "Download to hand in";

let shared;

async function modules(...names) {
  // JupyterLite has one version of each.
  const found = names.map((name) => Object.values(shared[name])[0].get());
  return (await Promise.all(found)).map((factory) => factory());
}

(window._JUPYTERLAB ??= {})[NAME] = {
  init: (scope) => void (shared = scope),
  get: async () => {
    const [services, apputils, widgets] = await modules(
      "@jupyterlite/services",
      "@jupyterlab/apputils",
      "@lumino/widgets",
    );
    const about = await described(BASE, progress);
    const plugins = [kernel(services, about), button({ ...apputils, ...widgets })];
    return () => ({ __esModule: true, default: plugins });
  },
};

function kernel({ BaseKernel, IKernelClient, IKernelSpecs }, about) {
  // A page with a notebook will want Python: it is loaded while the page is built.
  const early = location.pathname.includes("/notebooks") ? open(BASE, about, progress) : null;
  let contents;
  const TabKernel = makeKernel({ BaseKernel, base: BASE, about, progress, early, contents: () => contents });
  const kernels = new Map();
  return {
    id: `${NAME}:kernel`,
    autoStart: true,
    requires: [IKernelSpecs, IKernelClient],
    activate: (app, specs, client) => {
      contents = app.serviceManager.contents;
      specs.register({
        spec: {
          name: "python3", // what the lessons ask for, here and at home
          display_name: "Python in this tab",
          language: "python",
          argv: [],
          resources: {},
        },
        create: async (options) => {
          const made = new TabKernel(options);
          kernels.set(options.id, made);
          return made;
        },
      });
      // JupyterLite forgets the cells that wait, and lets the running one run.
      const usual = client.interrupt.bind(client);
      client.interrupt = async (id) => {
        await usual(id);
        kernels.get(id)?.interrupt();
      };
    },
  };
}

function button({ Dialog, ToolbarButton, Widget, showDialog }) {
  const handIn = async (panel) => {
    await panel.context.save();
    const notebook = panel.context.model.toJSON();
    const lacks = missing(notebook);
    if (lacks.length) {
      const asked = await showDialog({
        title: "This lesson is not complete",
        body: new Widget({ node: paragraphs(lacks) }),
        defaultButton: 0,
        buttons: [Dialog.cancelButton({ label: "Go on working" }), Dialog.okButton({ label: "Download anyway" })],
      });
      if (!asked.button.accept) return;
    }
    download(panel.context.path.split("/").pop(), notebook);
  };
  return {
    id: `${NAME}:hand-in`,
    autoStart: true,
    activate: (app) => {
      app.docRegistry.addWidgetExtension("Notebook", {
        createNew: (panel) => {
          const made = new ToolbarButton({ label: LABEL, tooltip: LABEL, onClick: () => void handIn(panel) });
          panel.toolbar.insertItem(9, "hand-in", made);
          return made;
        },
      });
    },
  };
}

function paragraphs(sentences) {
  const node = document.createElement("div");
  for (const sentence of sentences) node.appendChild(document.createElement("p")).textContent = sentence;
  return node;
}

// Lessons link to `glossary.md`, which JupyterLite would open as a file. Here it is a page, beside the lesson.
document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest?.("a");
    const leads = link ? `${link.href} ${link.dataset.commandlinkerArgs}` : "";
    if (!leads.includes("glossary.md")) return;
    event.preventDefault();
    event.stopPropagation();
    window.open(new URL("../glossary.html", BASE).href, "glossary");
  },
  true, // before JupyterLite hears of it
);
