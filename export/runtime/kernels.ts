/**
 * Convolutions of one image, four channels at a time (WebAssembly's 128-bit SIMD), and weights.
 *
 * Written in AssemblyScript; build.mjs compiles it into web/vendor/tfjs.js, where simd.js calls it.
 * Tensors are float32, [row][column][channel], filters [row][column][channel in][channel out];
 * numbers of output channels are multiples of 4. `usize` parameters are byte offsets in the memory.
 */

const FLOAT: usize = 4; // bytes
const LANES = 4; // of a vector
const VECTOR: usize = 16; // bytes

/** `sum + a * b`; in one instruction where browser and processor have it. */
@inline
function multiplyAdd(a: v128, b: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<f32>(a, b, sum);
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** Sum of two tensors of `length` floats; a multiple of four is written. */
export function add(a: usize, b: usize, output: usize, length: usize): void {
  for (let k: usize = 0; k < FLOAT * length; k += VECTOR) {
    v128.store(output + k, f32x4.add(v128.load(a + k), v128.load(b + k)));
  }
}

/**
 * Convolution, offset, and ReLU where `floor` is 0 (where it is -Infinity, none).
 * `patches` is room for what the filters see: outHeight * outWidth * filterHeight * filterWidth *
 * inChannels floats; where they see one pixel each, that is the image.
 */
export function convolve(
  image: usize, filter: usize, bias: usize, output: usize, patches: usize,
  inHeight: i32, inWidth: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, stride: i32, top: i32, left: i32, floor: f32,
): void {
  const pointwise = filterHeight == 1 && filterWidth == 1 && stride == 1;
  if (!pointwise) {
    let to = patches;
    for (let row = 0; row < outHeight; row++) {
      to = gather(image, to, inHeight, inWidth, inChannels, outWidth, filterHeight, filterWidth,
        stride, row * stride - top, left);
    }
  }
  const length = filterHeight * filterWidth * inChannels;
  multiply(pointwise ? image : patches, filter, bias, output,
    outHeight * outWidth, length, outChannels, floor);
}

/**
 * Lay out what the filters see at each place of an output row, zeros outside the image.
 * @returns the end of it
 */
function gather(
  image: usize, patches: usize, inHeight: i32, inWidth: i32, inChannels: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, stride: i32, top: i32, left: i32,
): usize {
  const pixel = FLOAT * inChannels;
  const width: usize = pixel * filterWidth;
  let to = patches;
  for (let place = 0; place < outWidth; place++) {
    const first = place * stride - left;
    // Columns of the filter that lie in the image.
    const from = max(0, -first), end = min(filterWidth, inWidth - first);
    for (let y = top; y < top + filterHeight; y++) {
      if (y < 0 || y >= inHeight || end < filterWidth || from > 0) memory.fill(to, 0, width);
      if (y >= 0 && y < inHeight) {
        const seen = image + pixel * (y * inWidth + first + from);
        copy(seen, to + pixel * from, pixel * (end - from));
      }
      to += width;
    }
  }
  return to;
}

/** Copy floats; a vector at a time is faster than `memory.copy` for so few. */
function copy(from: usize, to: usize, bytes: usize): void {
  let k: usize = 0;
  for (; k + VECTOR <= bytes; k += VECTOR) v128.store(to + k, v128.load(from + k));
  for (; k < bytes; k += FLOAT) store<f32>(to + k, load<f32>(from + k));
}

/** Matrix product [rows][length] x [length][columns], plus a bias a column, not below `floor`. */
function multiply(
  a: usize, b: usize, bias: usize, output: usize, rows: i32, length: i32, columns: i32, floor: f32,
): void {
  const least = f32x4.splat(floor);
  if (rows < 4 || columns < 2 * LANES) {
    for (let row = 0; row < rows; row++) {
      rest(a + FLOAT * length * row, b, bias, output + FLOAT * columns * row, length, columns, least);
    }
    return;
  }
  // The last rows and columns may be in two blocks: it is faster than to do some alone.
  for (let row = 0; row < rows; row += 4) {
    const first = min(row, rows - 4);
    const out = output + FLOAT * columns * first;
    for (let column = 0; column < columns; column += 2 * LANES) {
      block(a + FLOAT * length * first, b, bias, out, length, columns, min(column, columns - 2 * LANES), least);
    }
  }
}

/** Four rows and eight columns at once: eight sums stay in registers while `a` and `b` pass by. */
@inline
function block(
  a0: usize, b: usize, bias: usize, out: usize, length: i32, columns: i32, column: i32, least: v128,
): void {
  const aRow = FLOAT * length;
  const bRow = FLOAT * columns;
  const offset = FLOAT * column;
  const biasLow = v128.load(bias + offset);
  const biasHigh = v128.load(bias + offset, VECTOR);
  let s00 = biasLow, s01 = biasHigh, s10 = biasLow, s11 = biasHigh;
  let s20 = biasLow, s21 = biasHigh, s30 = biasLow, s31 = biasHigh;
  let from = a0;
  let weights = b + offset;
  const end = a0 + aRow;
  while (from < end) {
    const low = v128.load(weights);
    const high = v128.load(weights, VECTOR);
    const x0 = v128.load32_splat(from);
    s00 = multiplyAdd(x0, low, s00);
    s01 = multiplyAdd(x0, high, s01);
    const x1 = v128.load32_splat(from + aRow);
    s10 = multiplyAdd(x1, low, s10);
    s11 = multiplyAdd(x1, high, s11);
    const x2 = v128.load32_splat(from + 2 * aRow);
    s20 = multiplyAdd(x2, low, s20);
    s21 = multiplyAdd(x2, high, s21);
    const x3 = v128.load32_splat(from + 3 * aRow);
    s30 = multiplyAdd(x3, low, s30);
    s31 = multiplyAdd(x3, high, s31);
    from += FLOAT;
    weights += bRow;
  }
  const to = out + offset;
  v128.store(to, f32x4.max(s00, least));
  v128.store(to, f32x4.max(s01, least), VECTOR);
  v128.store(to + bRow, f32x4.max(s10, least));
  v128.store(to + bRow, f32x4.max(s11, least), VECTOR);
  v128.store(to + 2 * bRow, f32x4.max(s20, least));
  v128.store(to + 2 * bRow, f32x4.max(s21, least), VECTOR);
  v128.store(to + 3 * bRow, f32x4.max(s30, least));
  v128.store(to + 3 * bRow, f32x4.max(s31, least), VECTOR);
}

/** One row of the product. */
function rest(
  a: usize, b: usize, bias: usize, output: usize, length: i32, columns: i32, least: v128,
): void {
  for (let column = 0; column < columns; column += LANES) {
    const offset = FLOAT * column;
    let sum = v128.load(bias + offset);
    let weights = b + offset;
    for (let k = 0; k < length; k++) {
      sum = multiplyAdd(v128.load32_splat(a + FLOAT * k), v128.load(weights), sum);
      weights += FLOAT * columns;
    }
    v128.store(output + offset, f32x4.max(sum, least));
  }
}

/**
 * Depthwise convolution with one or two filters a channel, offset, and ReLU where `floor` is 0.
 * `channels` are those of the output; two filters of a channel lie side by side.
 */
export function convolveDepthwise(
  image: usize, filter: usize, bias: usize, output: usize,
  inHeight: i32, inWidth: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, stride: i32, top: i32, left: i32, floor: f32, filters: i32,
): void {
  const least = f32x4.splat(floor);
  const outPixel = FLOAT * channels;
  const inPixel = outPixel / <usize>filters;
  let to = output;
  for (let row = 0; row < outHeight; row++) {
    const y0 = row * stride - top;
    const yFrom = max(0, -y0), yTo = min(filterHeight, inHeight - y0);
    for (let place = 0; place < outWidth; place++) {
      const x0 = place * stride - left;
      const xFrom = max(0, -x0), xTo = min(filterWidth, inWidth - x0);
      for (let channel: usize = 0; channel < outPixel; channel += VECTOR) {
        let sum = v128.load(bias + channel);
        const inside = filters == 1 ? channel : channel >> 1;
        for (let y = yFrom; y < yTo; y++) {
          let from = image + inside + inPixel * ((y0 + y) * inWidth + x0 + xFrom);
          let weights = filter + channel + outPixel * (y * filterWidth + xFrom);
          const end = weights + outPixel * (xTo - xFrom);
          if (filters == 1) {
            for (; weights < end; weights += outPixel, from += inPixel) {
              sum = multiplyAdd(v128.load(from), v128.load(weights), sum);
            }
          } else {
            for (; weights < end; weights += outPixel, from += inPixel) {
              sum = multiplyAdd(twice(from), v128.load(weights), sum);
            }
          }
        }
        v128.store(to, f32x4.max(sum, least));
        to += VECTOR;
      }
    }
  }
}

/** Two channels, each for two filters. */
function twice(from: usize): v128 {
  const two = v128.load64_zero(from);
  return v128.shuffle<i32>(two, two, 0, 0, 1, 1);
}

/** Numbers in steps of `scale` from `min` on, of 8 bits each, to floats. */
export function dequantise(bytes: usize, floats: usize, count: i32, scale: f32, min: f32): void {
  for (let k = 0; k < count; k++) {
    store<f32>(floats + FLOAT * k, min + scale * <f32>load<u8>(bytes + k));
  }
}
