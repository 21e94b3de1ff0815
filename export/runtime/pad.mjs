/**
 * Write the pad as one script to stdout: `node pad.mjs RUNTIME`.
 *
 * RUNTIME is the TensorFlow.js in place of the page's own.
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const runtime = resolve(process.argv[2]);

const { outputFiles: [script] } = await build({
  entryPoints: [join(here, "pad.js")],
  write: false,
  bundle: true, // what the pad imports later, too: a frame in a notebook can fetch nothing
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "inline", // the runtime's licence stays with it
  plugins: [{
    name: "runtime",
    setup: ({ onResolve }) => onResolve({ filter: /vendor\/tfjs\.js$/ }, () => ({ path: runtime })),
  }],
  logLevel: "error",
});
process.stdout.write(script.text);
