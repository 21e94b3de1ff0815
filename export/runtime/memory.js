/**
 * Allocate tensors in WebAssembly's memory, so that kernels need not copy them.
 *
 * Tensors of a run are a stack that grows up from the start; weights are a stack that grows down from
 * the end. A released block is free once all later blocks of its stack are released. The memory never
 * grows, because that would detach the tensors' buffer; untouched pages cost nothing.
 */
import relaxed from "digitpad:relaxed";
import plain from "digitpad:simd";

export const FLOAT = 4; // bytes of a float
export const LANES = 4; // floats of a SIMD vector

/** Exports of the compiled kernels; null if WebAssembly or SIMD is missing or a policy forbids it. */
export const simd = start(relaxed) ?? start(plain);

const floats = new Float32Array(simd?.memory.buffer ?? 0);
/** Blocks of both stacks, latest last; `start` and `length` in floats. */
const run = [];
const weights = [];

/** Allocate floats for a run, until `release`. Returns null if they do not fit. */
export function allocate(length) {
  return take(run, heapTop(), length);
}

/** Allocate floats that outlive a run; they are released with `owner`, if given. */
export function allocatePersistent(length, owner = null) {
  return take(weights, weightsStart() - aligned(length), length, owner);
}

/** Tell whether values lie in this memory. */
export function isResident(values) {
  return values.buffer === floats.buffer;
}

/** Tell whether no tensor of a run is allocated. */
export function isUnused() {
  return run.length === 0;
}

/** Release a block; values outside this memory are left to the garbage collector. */
export function release(values) {
  if (!isResident(values)) return;
  const start = values.byteOffset / FLOAT;
  const stack = start < heapTop() ? run : weights;
  for (const each of stack) each.free ||= each.start === start || each.owner === values;
  while (stack.at(-1)?.free) stack.pop();
}

function take(stack, start, length, owner = null) {
  const fits = start >= heapTop() && start + aligned(length) <= weightsStart();
  if (!fits) return null;
  stack.push({ start, length, owner, free: false });
  return floats.subarray(start, start + length);
}

/** Index of the first free float after the tensors of a run. */
function heapTop() {
  const last = run.at(-1);
  return last ? last.start + aligned(last.length) : 0;
}

/** Index of the first float of the weights. */
function weightsStart() {
  return weights.at(-1)?.start ?? floats.length;
}

function aligned(length) {
  return LANES * Math.ceil(length / LANES);
}

function start(hexadecimal) {
  const bytes = Uint8Array.from(hexadecimal.match(/../g), (byte) => parseInt(byte, 16));
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  } catch {
    return null;
  }
}
