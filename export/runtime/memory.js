/**
 * WebAssembly's memory, where weights stay and a run's tensors come and go without being copied.
 *
 * Weights lie at its end, tensors of a run at its start: each side is free again when nothing lies
 * there any more. It never grows, as that would take it away from under the tensors; its pages cost
 * nothing until they are written.
 */
import relaxed from "digitpad:relaxed";
import plain from "digitpad:simd";

export const FLOAT = 4; // bytes
export const LANES = 4; // of a vector

/** The compiled kernels, or null where WebAssembly, its SIMD or the leave to use it is missing. */
export const simd = start(relaxed) ?? start(plain);

const floats = new Float32Array(simd?.memory.buffer ?? 0);
let bottom = 0; // first float that is free
let top = floats.length; // first float of the weights
const living = { run: 0, weights: 0 };

/** A place for so many floats until `release`, or null where there is no room. */
export function room(length) {
  const end = bottom + aligned(length);
  if (end > top) return null;
  const found = floats.subarray(bottom, bottom + length);
  bottom = end;
  living.run += 1;
  return found;
}

/** As `room`, for what stays. */
export function lastingRoom(length) {
  const start = top - aligned(length);
  if (start < bottom) return null;
  top = start;
  living.weights += 1;
  return floats.subarray(start, start + length);
}

/** Whether values lie in this memory. */
export function isResident(values) {
  return values.buffer === floats.buffer;
}

/** Give a place back; values from elsewhere are the garbage collector's. */
export function release(values) {
  if (!isResident(values)) return;
  const start = values.byteOffset / FLOAT;
  if (start >= top) {
    living.weights -= 1;
    if (living.weights === 0) top = floats.length;
  } else {
    living.run -= 1;
    if (living.run === 0) bottom = 0;
    else if (start + aligned(values.length) === bottom) bottom = start;
  }
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
