/**
 * Build web/vendor/tfjs.js: TensorFlow.js's graph-model loader and CPU backend, with only what the
 * page's network needs. A complete tf.min.js has 366 kB after gzip; this has a tenth.
 *
 * operations.json lists the graph operations that networks may use, with the TensorFlow.js functions
 * that implement each, the CPU kernels behind those, and methods that these call although unused.json
 * has them. The bundle contains the operations of the model, and its first lines name them.
 * `complete/` contains a bundle with all operations, which `python -m export` uses for other
 * networks. To support another operation, add its row and build both:
 *
 *   node build.mjs              web/vendor, for web/model/model.json
 *   node build.mjs --complete   complete/, with every operation
 *   node build.mjs FOLDER [OPERATION…]
 */
import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import asc from "assemblyscript/asc";
import { build } from "esbuild";
import { prune } from "./prune.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "../../web");
const complete = process.argv[2] === "--complete";
const output = complete ? join(here, "complete") : resolve(process.argv[2] ?? join(web, "vendor"));
const packages = join(here, "node_modules");
const core = join(packages, "@tensorflow/tfjs-core/dist");
const catalogue = await readJSON(join(here, "operations.json"));
const unused = await readJSON(join(here, "unused.json"));
const named = complete ? Object.keys(catalogue) : process.argv.slice(3);
const operations = unique(named.length > 0 ? named : await ofModel());
const unknown = operations.filter((name) => !(name in catalogue));
if (unknown.length > 0) throw new Error(`operations.json has no row for ${unknown.join(", ")}`);

// Size of the kernels' memory in pages of 64 kB: for a hundred images at once and the weights.
const MEMORY = "256";
// Kernels that TensorFlow.js itself calls while it loads and runs any graph.
const ALWAYS = ["Cast", "Identity", "Reshape"];
// Kernels that simd.js replaces, with the stock ones as fallback.
const SIMD = [
  "Add", "DepthwiseConv2dNative", "FusedConv2D", "FusedDepthwiseConv2D", "Softmax", "_FusedMatMul",
];
// Kernels that only rename or reshape a tensor.
const ALIASES = ["Identity", "Reshape"];
const rows = operations.map((name) => catalogue[name]);
const kernels = unique([...ALWAYS, ...rows.flatMap((row) => row.kernels)]);
const functions = unique(rows.flatMap((row) => row.functions));
const methods = unique(rows.flatMap((row) => row.methods ?? []));

const version = await packageVersion();
const banner = (parts) => `/**
 * @license
 * TensorFlow.js ${version} (core, converter, CPU backend), built for digitpad.
 * Copyright 2017-2024 Google LLC. Licensed under the Apache License, Version 2.0: LICENSE.tfjs,
 * or http://www.apache.org/licenses/LICENSE-2.0.
 * Packages: ${parts.join(" ")}
 * Operations: ${operations.join(" ")}
 */
`;

/** Modules of TensorFlow.js that import code which a graph never uses, and their replacements. */
const REPLACED = [
  // The recognizer fetches the files itself: no loaders, no savers.
  [/io[\\/]io\.js$/, () => `export { decodeWeights } from ${JSON.stringify(join(here, "weights.js"))};`],
  // Instead of timers and browser storage of models.
  [/platforms[\\/]platform_browser\.js$/, () => `
    import { env } from "../environment";
    import { isTypedArrayBrowser as isTypedArray } from "./is_typed_array_browser";
    env().setPlatform("browser", { isTypedArray, now: () => performance.now() });`],
  [/platforms[\\/]platform_node\.js$/, () => ""],
  // Gradients and timings are for training.
  [/core[\\/]dist[\\/]tape\.js$/, () => "export const backpropagateGradients = null, getFilteredNodesXToY = null;"],
  [/core[\\/]dist[\\/]profiler\.js$/, () => "export class Profiler {}"],
  // Settings never change: SETTLED has their values.
  [/core[\\/]dist[\\/]flags\.js$/, () => ""],
  [/converter[\\/]dist[\\/]flags\.js$/, () => ""],
  [/ops[\\/]print\.js$/, () => "export const print = null;"],
  [/ops[\\/](cast|clone)\.js$/, () => `export { cast, clone } from ${JSON.stringify(join(here, "functions.js"))};`],
  [/ops[\\/]ops_for_converter\.js$/, () => listedFunctions(join(core, "ops/ops.js"))],
  // Types that the loader gives no meaning: quantised ones, references to variables.
  [/data[\\/]compiled_api\.js$/, async (path) =>
    (await readFile(path, "utf8")).replace(/^.*(_REF|_Q\w+|BFLOAT16|RESOURCE|VARIANT|INVALID|U?INT16|UINT32|UINT64)".*$/gm, "")],
  [/op_list[\\/]\w+\.js$/, async (path) => `export const json = ${JSON.stringify(await listedMappings(path))};`],
  [/executors[\\/]\w+_executor\.js$/, async (path) => {
    const mappings = path.replace(/executors([\\/])(\w+)_executor/, "op_list$1$2");
    return (await listedMappings(mappings)).length > 0 ? null : "export const executeOp = undefined;";
  }],
];

/** Conditions of TensorFlow.js that are always the same here; esbuild leaves out what they exclude. */
const SETTLED = new Map([
  ["this.ENV.getBool('DEBUG')", "false"],
  ["env().getBool('DEBUG')", "false"],
  ["env().getBool('IS_TEST')", "false"],
  ["env().getBool('PROD')", "false"],
  ["env().get('IS_NODE')", "false"],
  ["env().getBool('KEEP_INTERMEDIATE_TENSORS')", "false"],
  ["env().getBool('TENSORLIKE_CHECK_SHAPE_CONSISTENCY')", "false"],
  ["this.keepIntermediateTensors)", "false)"],
  ["this.disposeIntermediateTensors();", ""], // none are kept
  // No gradients, no profiles, no search for leaks.
  ["const isTapeOn = this.isTapeOn();", ""],
  ["(isTapeOn)", "(false)"],
  ["(!isTapeOn)", "(true)"],
  ["this.shouldCheckForMemLeaks()", "false"],
  ["const numDataIdsBefore = this.backend.numDataIds();", ""],
  ["this.state.profiling)", "false)"],
  ["isRegisteredKernelInvocation(kernelParams)", "true"],
  // No loops and no results of unknown shapes: operations.json has no such operations.
  ["dynamicNode != null", "false"],
  // A model is loaded by its handler; nothing here loads from a URL.
  ["path.load != null", "true"],
  // Graphs without a second one that fills tables of strings.
  ["artifacts.modelInitializer != null", "false"],
  ["(this.initializer == null)", "(true)"],
  ["(this.initializer)", "(false)"],
  ["(this.initializerSignature)", "(false)"],
]);
const settledHere = new Set();
// Tensors hold real numbers: networks that read images have no others.
const OTHER_TYPES = /\$?\b[\w.$]*dtype === '(complex64|string)'/g;

const onlyWhatIsNeeded = {
  name: "only-what-is-needed",
  setup(build) {
    build.onResolve({ filter: /^digitpad:/ }, ({ path }) => ({ path, namespace: "digitpad" }));
    build.onLoad({ filter: /kernels$/, namespace: "digitpad" }, async () => ({
      contents: await kernelRegistrations(),
      resolveDir: here,
    }));
    build.onLoad({ filter: /(simd|relaxed)$/, namespace: "digitpad" }, async ({ path }) => ({
      // Hexadecimal: after Brotli smaller than base64, which shifts what both modules have in common.
      contents: `export default ${JSON.stringify((await compiled("kernels.ts", path.endsWith("relaxed"))).toString("hex"))};`,
    }));
    build.onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({
      // The package's index also registers every optimizer; base has the same exports.
      path: join(core, "base.js"),
      sideEffects: false,
    }));
    build.onLoad({ filter: /@tensorflow[\\/].*\.js$/ }, async ({ path }) => {
      const replaced = REPLACED.find(([pattern]) => pattern.test(path))?.[1];
      const contents = (await replaced?.(path)) ?? withNamespaces(settle(await withoutUnused(path)));
      return { contents };
    });
  },
};

/**
 * Import TensorFlow.js's namespaces from their modules: esbuild keeps a namespace complete if it is
 * re-exported through `base.js`.
 */
function withNamespaces(text) {
  const modules = {
    backend_util: "backends/backend_util",
    broadcast_util: "ops/broadcast_util",
    kernel_impls: "backends/kernel_impls",
    slice_util: "ops/slice_util",
    util: "util",
  };
  const direct = text.replace("tfc.util.", "util.")
    .replace("import * as tfc from", "import { util } from '@tensorflow/tfjs-core';\n$&");
  return direct.replace(/^import \{ (.+?) \} from '@tensorflow\/tfjs-core';$/gm, (_, names) => {
    const all = names.split(", ");
    const own = all.filter((name) => name in modules);
    const rest = all.filter((name) => !(name in modules));
    return [
      ...own.map((name) => `import * as ${name} from "@tensorflow/tfjs-core/dist/${modules[name]}";`),
      rest.length > 0 ? `import { ${rest.join(", ")} } from "@tensorflow/tfjs-core";` : "",
    ].join(" ");
  });
}

/** @returns {Promise<string>} a module of TensorFlow.js without what no listed operation needs */
async function withoutUnused(path) {
  const text = await readFile(path, "utf8");
  const [, module] = /@tensorflow[\\/](.*)\.js$/.exec(path);
  const names = (unused[module.replaceAll("\\", "/")] ?? []).filter((name) => !methods.includes(name));
  const labels = await labelsOf(path);
  return names.length > 0 || labels ? prune(text, names, labels) : text;
}

/** @returns {string} a module with the conditions of SETTLED replaced by their values */
function settle(text) {
  for (const [condition, value] of SETTLED) {
    if (!text.includes(condition)) continue;
    text = text.replaceAll(condition, value);
    settledHere.add(condition);
  }
  return text.replace(OTHER_TYPES, "false");
}

/** @returns {Promise<string[] | null>} the cases that a module's switches need; null for all */
async function labelsOf(path) {
  if (/executors[\\/]\w+_executor\.js$/.test(path)) return operations;
  const isMapper = /operation_mapper\.js$/.test(path);
  if (!isMapper && !/operation_executor\.js$/.test(path)) return null;
  const mappings = await allMappings();
  if (!isMapper) return unique(mappings.map(({ category }) => category));
  const attributes = mappings.flatMap(({ attrs }) => attrs ?? []);
  return unique(["tensor", ...attributes.map(({ type }) => type)]);
}

/** @returns {Promise<object[]>} the mappings of the listed operations */
async function allMappings() {
  const folder = join(packages, "@tensorflow/tfjs-converter/dist/operations/op_list");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".js"));
  return (await Promise.all(files.map((name) => listedMappings(join(folder, name))))).flat();
}

/** @returns {Promise<string>} a module that registers the CPU backend and the listed kernels */
async function kernelRegistrations() {
  const lines = [
    'import "@tensorflow/tfjs-core/dist/base_side_effects";',
    'import "@tensorflow/tfjs-converter/dist/flags";',
    `import ${JSON.stringify(join(here, "backend.js"))};`,
    'import { registerKernel } from "@tensorflow/tfjs-core/dist/kernel_registry";',
    `import { kernels, withFallback } from ${JSON.stringify(join(here, "simd.js"))};`,
  ];
  for (const kernel of kernels) {
    const stock = `@tensorflow/tfjs-backend-cpu/dist/kernels/${kernel}`;
    const text = await readFile(join(packages, `${stock}.js`), "utf8");
    const [, config] = /export const (\w+Config)\b/.exec(text);
    if (SIMD.includes(kernel)) lines.push(`registerKernel(kernels.${kernel});`);
    else {
      const registered = ALIASES.includes(kernel) ? config : `withFallback(${config})`;
      lines.push(`import { ${config} } from "${stock}";`, `registerKernel(${registered});`);
    }
  }
  return lines.join("\n");
}

/** @returns {Promise<string>} a replacement of TensorFlow.js's ops.js with the listed functions */
async function listedFunctions(path) {
  const own = await readFile(join(here, "functions.js"), "utf8");
  const short = functions.filter((name) => own.includes(`export const ${name} = `));
  const long = functions.filter((name) => !short.includes(name));
  const text = await readFile(path, "utf8");
  const lines = [`export { ${short.join(", ")} } from ${JSON.stringify(join(here, "functions.js"))};`];
  for (const [, names, source] of text.matchAll(/^export \{ (.+?) \} from '(.+?)';$/gm)) {
    const listed = names.split(", ").filter((name) => long.includes(name));
    if (listed.length > 0) lines.push(`export { ${listed.join(", ")} } from "${source}";`);
  }
  const missing = long.filter((name) => !text.match(new RegExp(`export \\{.*\\b${name}\\b.*\\} from`)));
  if (missing.length > 0) throw new Error(`TensorFlow.js has no function ${missing.join(", ")}`);
  return lines.join("\n");
}

/** @returns {Promise<object[]>} the listed operations in one op_list file, with what is supported */
async function listedMappings(path) {
  const { json } = await import(pathToFileURL(path).href);
  return json.filter(({ tfOpName }) => operations.includes(tfOpName)).map(({ attrs, ...mapping }) => ({
    ...mapping,
    ...(attrs && { attrs: attrs.filter(({ notSupported }) => !notSupported) }),
  }));
}

/**
 * @param {string} file AssemblyScript source
 * @param {boolean} relaxed whether to use relaxed SIMD
 * @returns {Promise<Buffer>} the WebAssembly module
 */
async function compiled(file, relaxed) {
  let binary;
  const options = [
    ...["-O3", "--noAssert", "--runtime", "stub", "--initialMemory", MEMORY],
    ...["--enable", relaxed ? "simd,relaxed-simd" : "simd"],
    ...["--use", "abort="],
  ];
  const { error, stderr } = await asc.main([file, ...options, "--outFile", "out.wasm"], {
    readFile: (name) => readFile(join(here, name), "utf8").catch(() => null),
    writeFile: (name, contents) => {
      if (name.endsWith(".wasm")) binary = Buffer.from(contents);
    },
  });
  if (error) throw new Error(`${file}: ${stderr}`);
  return binary;
}

/** @returns {Promise<string[]>} the operations of the page's model */
async function ofModel() {
  const { modelTopology } = await readJSON(join(web, "model/model.json"));
  return modelTopology.node.map(({ op }) => op);
}

async function packageVersion() {
  return (await readJSON(join(core, "../package.json"))).version;
}

async function readJSON(path) {
  return JSON.parse(await readFile(path, "utf8"));
}

/**
 * List the packages that contribute code to a bundle, without our kernels.ts.
 * @returns {string[]} as name@version
 */
async function packagesIn({ outputs }) {
  const [{ inputs }] = Object.values(outputs);
  const named = Object.entries(inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => path.match(/^.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/))
    .filter((found) => found !== null);
  const parts = await Promise.all(named.map(async ([folder, name]) => {
    const path = resolve(folder, "package.json");
    return `${name.replace("\\", "/")}@${(await readJSON(path)).version}`;
  }));
  return unique(parts);
}

function unique(names) {
  return [...new Set(names)].sort();
}

await mkdir(output, { recursive: true });
await copyFile(join(packages, "long/LICENSE"), join(output, "LICENSE.tfjs")); // full text of the Apache licence
const { metafile, outputFiles: [bundle] } = await build({
  entryPoints: [join(here, "entry.js")],
  outfile: join(output, "tfjs.js"),
  write: false,
  metafile: true,
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2020",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  external: ["crypto", "util", "string_decoder", "node-fetch"],
  plugins: [onlyWhatIsNeeded],
  logLevel: "warning",
});
const unknownConditions = [...SETTLED.keys()].filter((condition) => !settledHere.has(condition));
if (unknownConditions.length > 0) throw new Error(`TensorFlow.js has no ${unknownConditions.join(", ")}`);
await writeFile(bundle.path, banner(await packagesIn(metafile)) + bundle.text);
