/**
 * WebAssembly's memory, where weights stay and a run's tensors come and go without being copied.
 *
 * Weights lie at its end, tensors of a run at its start, on each side the latest innermost: what lies
 * there is free again when nothing later is left. It never grows, as that would take it away from
 * under the tensors; its pages cost nothing until they are written.
 */
import relaxed from "digitpad:relaxed";
import plain from "digitpad:simd";

export const FLOAT = 4; // bytes
export const LANES = 4; // of a vector

/** The compiled kernels, or null where WebAssembly, its SIMD or the leave to use it is missing. */
export const simd = start(relaxed) ?? start(plain);

const floats = new Float32Array(simd?.memory.buffer ?? 0);
/** What lies in memory, the latest last: `start` and `length` in floats. */
const run = [];
const weights = [];

/** A place for so many floats until `release`, or null where there is no room. */
export function room(length) {
  return take(run, bottom(), length);
}

/** As `room`, for what stays; until `owner` is released, if it is made of that. */
export function lastingRoom(length, owner = null) {
  return take(weights, top() - aligned(length), length, owner);
}

/** Whether values lie in this memory. */
export function isResident(values) {
  return values.buffer === floats.buffer;
}

/** Whether no tensor of a run is there. */
export function isUnused() {
  return run.length === 0;
}

/** Give a place back; values from elsewhere are the garbage collector's. */
export function release(values) {
  if (!isResident(values)) return;
  const start = values.byteOffset / FLOAT;
  const stack = start < bottom() ? run : weights;
  for (const each of stack) each.free ||= each.start === start || each.owner === values;
  while (stack.at(-1)?.free) stack.pop();
}

function take(stack, start, length, owner = null) {
  const fits = start >= bottom() && start + aligned(length) <= top();
  if (!fits) return null;
  stack.push({ start, length, owner, free: false });
  return floats.subarray(start, start + length);
}

/** The first float that is free. */
function bottom() {
  const last = run.at(-1);
  return last ? last.start + aligned(last.length) : 0;
}

/** The first float of the weights. */
function top() {
  return weights.at(-1)?.start ?? floats.length;
}

function aligned(length) {
  return LANES * Math.ceil(length / LANES);
}

function start(bytes) {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  } catch {
    return null;
  }
}
