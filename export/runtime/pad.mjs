/**
 * Write the pad as one script to stdout: `node pad.mjs RUNTIME`.
 *
 * RUNTIME is a file to use in place of web/vendor/tfjs.js.
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const runtime = resolve(process.argv[2]);

const { outputFiles: [script] } = await build({
  entryPoints: [join(here, "pad.js")],
  write: false,
  bundle: true, // dynamic imports as well: a frame in a notebook cannot fetch them
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "inline", // keeps the runtime's licence
  plugins: [{
    name: "runtime",
    setup: ({ onResolve }) => onResolve({ filter: /vendor\/tfjs\.js$/ }, () => ({ path: runtime })),
  }],
  logLevel: "error",
});
process.stdout.write(script.text);
