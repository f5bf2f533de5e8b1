// Bundles the worker and the extension: node build.mjs TARGET
import { build } from "esbuild";

const [target] = process.argv.slice(2);
const common = { bundle: true, minify: true, target: "es2022", logLevel: "warning", legalComments: "eof" };

await build({ ...common, entryPoints: ["worker.js"], format: "esm", outfile: `${target}/python/worker.js` });
await build({
  ...common,
  entryPoints: ["extension.js"],
  format: "iife",
  outfile: `${target}/extensions/mlmkit-tab/static/remoteEntry.js`,
});
