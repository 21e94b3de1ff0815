/**
 * Builds web/vendor/tfjs.js: TensorFlow.js's graph-model loader and CPU backend, with only the
 * graph operations of operations.json. A whole tf.min.js is 366 kB of gzip; this is a fifth.
 *
 * operations.json is the one list of what the bundle can run: a graph operation, the
 * TensorFlow.js functions that carry it out, and the CPU kernels behind those. `python -m export`
 * reads it too, and refuses a graph that names anything else. To let a network use one more
 * operation, add its row, then run `npm ci && npm run build` here.
 *
 * Usage: node build.mjs [OUTPUT_FOLDER]
 */
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const output = resolve(process.argv[2] ?? join(here, "../../web/vendor"));
const tensorflow = join(here, "node_modules/@tensorflow");
const operations = JSON.parse(await readFile(join(here, "operations.json"), "utf8"));

// Kernels that TensorFlow.js itself calls while it loads and runs any graph.
const ALWAYS = ["Cast", "Identity", "Reshape"];
// Kernels of which there is a faster one here.
const OWN_KERNELS = { FusedConv2D: "convolution.js" };
const kernels = unique([...ALWAYS, ...Object.values(operations).flatMap((row) => row.kernels)]);
const functions = unique(Object.values(operations).flatMap((row) => row.functions));

const banner = `/**
 * @license
 * TensorFlow.js ${await packageVersion()} (core, converter, CPU backend), built for digitpad.
 * Copyright 2017-2024 Google LLC. Licensed under the Apache License, Version 2.0: LICENSE.tfjs,
 * or http://www.apache.org/licenses/LICENSE-2.0. Contains long.js, Copyright Daniel Wirtz, under
 * the same licence.
 */`;

/** Replaces what would otherwise pull in every operation of TensorFlow.js. */
const onlyListedOperations = {
  name: "only-listed-operations",
  setup(build) {
    build.onResolve({ filter: /^digitpad:kernels$/ }, ({ path }) => ({ path, namespace: "digitpad" }));
    build.onLoad({ filter: /.*/, namespace: "digitpad" }, async () => ({
      contents: await kernelRegistrations(),
      resolveDir: here,
    }));
    build.onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({
      // The package's index also registers every optimizer; base has the same exports.
      path: join(tensorflow, "tfjs-core/dist/base.js"),
      sideEffects: false,
    }));
    build.onLoad({ filter: /io[\\/]io\.js$/ }, () => ({
      // The recognizer fetches the files itself, so the loaders and savers can go.
      contents: 'export { decodeWeights } from "./io_utils";',
    }));
    build.onLoad({ filter: /ops[\\/]ops_for_converter\.js$/ }, async ({ path }) => ({
      contents: await listedFunctions(join(dirname(path), "ops.js")),
    }));
    build.onLoad({ filter: /op_list[\\/]\w+\.js$/ }, async ({ path }) => ({
      contents: `export const json = ${JSON.stringify(await listedMappings(path))};`,
    }));
    build.onLoad({ filter: /executors[\\/]\w+_executor\.js$/ }, async ({ path }) => {
      const mappings = path.replace(/executors([\\/])(\w+)_executor/, "op_list$1$2");
      if ((await listedMappings(mappings)).length > 0) return undefined;
      return { contents: "export const executeOp = undefined;" };
    });
  },
};

/** @returns {Promise<string>} a module that registers the CPU backend and the listed kernels */
async function kernelRegistrations() {
  const lines = [
    'import "@tensorflow/tfjs-core/dist/base_side_effects";',
    'import "@tensorflow/tfjs-converter/dist/flags";',
    'import "@tensorflow/tfjs-backend-cpu/dist/base";',
    'import { registerKernel } from "@tensorflow/tfjs-core/dist/kernel_registry";',
  ];
  for (const kernel of kernels) {
    const stock = `@tensorflow/tfjs-backend-cpu/dist/kernels/${kernel}`;
    const source = kernel in OWN_KERNELS ? join(here, OWN_KERNELS[kernel]) : stock;
    const file = kernel in OWN_KERNELS ? source : join(here, "node_modules", `${stock}.js`);
    const text = await readFile(file, "utf8");
    const [, config] = /export const (\w+Config)\b/.exec(text);
    lines.push(`import { ${config} } from ${JSON.stringify(source)};`, `registerKernel(${config});`);
  }
  return lines.join("\n");
}

/** @returns {Promise<string>} in place of TensorFlow.js's ops.js, only the listed functions */
async function listedFunctions(path) {
  const text = await readFile(path, "utf8");
  const exported = [...text.matchAll(/^export \{ (.+?) \} from '(.+?)';$/gm)];
  const kept = new Set();
  const lines = exported.flatMap(([, names, source]) => {
    const listed = names.split(", ").filter((name) => functions.includes(name));
    listed.forEach((name) => kept.add(name));
    return listed.length > 0 ? [`export { ${listed.join(", ")} } from "${source}";`] : [];
  });
  if (functions.includes("fused")) {
    lines.push('import * as fused from "./fused_ops";', "export { fused };");
    kept.add("fused");
  }
  const missing = functions.filter((name) => !kept.has(name));
  if (missing.length > 0) throw new Error(`TensorFlow.js has no function ${missing.join(", ")}`);
  return lines.join("\n");
}

/** @returns {Promise<object[]>} the listed operations among those that one op_list file describes */
async function listedMappings(path) {
  const { json } = await import(pathToFileURL(path).href);
  return json.filter((mapping) => mapping.tfOpName in operations);
}

async function packageVersion() {
  return JSON.parse(await readFile(join(tensorflow, "tfjs-core/package.json"), "utf8")).version;
}

function unique(names) {
  return [...new Set(names)].sort();
}

await mkdir(output, { recursive: true });
await copyFile(join(here, "node_modules/long/LICENSE"), join(output, "LICENSE.tfjs"));
await build({
  entryPoints: [join(here, "entry.js")],
  outfile: join(output, "tfjs.js"),
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2020",
  legalComments: "none",
  banner: { js: banner },
  // long.js would try WebAssembly, which the page's policy refuses with a violation in the console.
  define: { "process.env.NODE_ENV": '"production"', WebAssembly: "undefined" },
  external: ["crypto", "util", "string_decoder", "node-fetch"],
  plugins: [onlyListedOperations],
  logLevel: "warning",
});
