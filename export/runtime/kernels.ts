/**
 * Convolutions, dense layers and weight decoding with WebAssembly SIMD, four channels at a time.
 *
 * Written in AssemblyScript; build.mjs compiles it into web/vendor/tfjs.js, where simd.js calls it.
 * Tensors are float32: images [row][column][channel], filters [row][column][channel in][channel out].
 * Numbers of output channels are multiples of 4. `usize` parameters are byte offsets in the memory;
 * `work` is a buffer of as many floats as the function named workOf... returns.
 */

const FLOAT: usize = 4; // bytes
const LANES = 4; // floats of a vector
const VECTOR: usize = 16; // bytes

// Winograd convolution F(4x4, 3x3): A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural
// Networks", 2016.
const TILE = 4; // side of an output tile
const SEEN = TILE + 2; // side of the input tile that it depends on
export const PRODUCTS = SEEN * SEEN; // per pair of channels, instead of TILE * TILE * 9

/** Compute `sum + a * b`, with relaxed SIMD in one instruction. */
@inline
function multiplyAdd(a: v128, b: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<f32>(a, b, sum);
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** Add two tensors of `length` floats; writes up to the next multiple of four. */
export function add(a: usize, b: usize, output: usize, length: usize): void {
  for (let k: usize = 0; k < FLOAT * length; k += VECTOR) {
    v128.store(output + k, f32x4.add(v128.load(a + k), v128.load(b + k)));
  }
}

/** Number of floats of `work` for `convolve`: the padded image, and a patch for each output pixel. */
export function workOfConvolve(
  inChannels: i32, outHeight: i32, outWidth: i32, filterHeight: i32, filterWidth: i32, stride: i32,
): i32 {
  const height = seenBy(outHeight, filterHeight, stride), width = seenBy(outWidth, filterWidth, stride);
  return inChannels * (height * width + outHeight * outWidth * filterHeight * filterWidth) + LANES;
}

/** Side of the padded image, in pixels. */
@inline
function seenBy(outSide: i32, filterSide: i32, stride: i32): i32 {
  return stride * (outSide - 1) + filterSide;
}

/** Convolution with bias; `floor` is 0 for ReLU, -Infinity for no activation. */
export function convolve(
  image: usize, filter: usize, bias: usize, output: usize, work: usize,
  inHeight: i32, inWidth: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, stride: i32, top: i32, left: i32, floor: f32,
): void {
  const length = filterHeight * filterWidth * inChannels;
  if (filterHeight == 1 && filterWidth == 1 && stride == 1) {
    multiply(image, filter, bias, output, outHeight * outWidth, length, outChannels, floor);
    return;
  }
  const height = seenBy(outHeight, filterHeight, stride), width = seenBy(outWidth, filterWidth, stride);
  const patches = frame(image, work, inHeight, inWidth, inChannels, top, left, height, width);
  const pixel = FLOAT * inChannels;
  const run = pixel * filterWidth;
  let to = patches;
  for (let row = 0; row < outHeight; row++) {
    for (let place = 0; place < outWidth; place++) {
      let from = work + pixel * stride * (row * width + place);
      for (let y = 0; y < filterHeight; y++) {
        copy(from, to, run);
        from += pixel * width;
        to += run;
      }
    }
  }
  multiply(patches, filter, bias, output, outHeight * outWidth, length, outChannels, floor);
}

/**
 * Copy an image into a buffer of `height` x `width` pixels, with zeros around it.
 * @returns the end of the buffer
 */
function frame(
  image: usize, to: usize, inHeight: i32, inWidth: i32, channels: i32,
  top: i32, left: i32, height: i32, width: i32,
): usize {
  const pixel = FLOAT * channels;
  const end = to + pixel * height * width;
  memory.fill(to, 0, end - to);
  const bytes = pixel * min(inWidth, width - left);
  for (let y = 0; y < min(inHeight, height - top); y++) {
    memory.copy(to + pixel * ((top + y) * width + left), image + pixel * inWidth * y, bytes);
  }
  return end;
}

/** Copy bytes, a vector at a time; may write up to 12 bytes more. */
@inline
function copy(from: usize, to: usize, bytes: usize): void {
  for (let k: usize = 0; k < bytes; k += VECTOR) v128.store(to + k, v128.load(from + k));
}

/**
 * Number of floats of `work` for `convolve3x3`: the padded image, transformed input tiles, their
 * products with the filters, a bias of zeros, and a tile of four channels.
 */
export function workOfConvolve3x3(inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32): i32 {
  const down = tilesOf(outHeight), across = tilesOf(outWidth);
  return inChannels * (TILE * down + 2) * (TILE * across + 2)
    + PRODUCTS * (down * across * (inChannels + outChannels) + LANES) + outChannels;
}

@inline
function tilesOf(outSide: i32): i32 {
  return (outSide + TILE - 1) / TILE;
}

/**
 * Winograd convolution with 3x3 filters and stride 1: a quarter of the multiplications of `convolve`.
 * `filter` is the output of `transformFilters`.
 */
export function convolve3x3(
  image: usize, filter: usize, bias: usize, output: usize, work: usize,
  inHeight: i32, inWidth: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  top: i32, left: i32, floor: f32,
): void {
  const down = tilesOf(outHeight), across = tilesOf(outWidth);
  const tiles = down * across;
  const inPixel = FLOAT * inChannels, outPixel = FLOAT * outChannels;
  const inStep = inPixel * tiles, outStep = outPixel * tiles;
  const width = TILE * across + 2;
  const seen = frame(image, work, inHeight, inWidth, inChannels, top, left, TILE * down + 2, width);
  const products = seen + inStep * PRODUCTS;
  const zeros = products + outStep * PRODUCTS;
  const between = zeros + outPixel;
  for (let tile = 0; tile < tiles; tile++) {
    const corner = work + inPixel * TILE * (tile / across * width + tile % across);
    for (let k: usize = 0; k < inPixel; k += VECTOR) {
      see(corner + k, inPixel, inPixel * width, between, seen + inPixel * tile + k, inStep);
    }
  }
  memory.fill(zeros, 0, outPixel);
  for (let k = 0; k < PRODUCTS; k++) {
    multiply(seen + inStep * k, filter + outPixel * inChannels * k, zeros, products + outStep * k,
      tiles, inChannels, outChannels, -Infinity);
  }
  const least = f32x4.splat(floor);
  for (let tile = 0; tile < tiles; tile++) {
    const row = TILE * (tile / across), column = TILE * (tile % across);
    const to = output + outPixel * (row * outWidth + column);
    const height = min(TILE, outHeight - row), width = min(TILE, outWidth - column);
    for (let k: usize = 0; k < outPixel; k += VECTOR) {
      unfold(products + outPixel * tile + k, outStep, between);
      const offset = v128.load(bias + k);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const sum = f32x4.add(v128.load(between + VECTOR * (SEEN * y + x)), offset);
          v128.store(to + k + outPixel * (outWidth * y + x), f32x4.max(sum, least));
        }
      }
    }
  }
}

/**
 * Transform 3x3 filters for `convolve3x3` to [PRODUCTS][channel in][channel out].
 * `between` is a buffer of PRODUCTS vectors.
 */
export function transformFilters(
  filter: usize, to: usize, between: usize, inChannels: i32, outChannels: i32,
): void {
  const step = FLOAT * inChannels * outChannels;
  for (let k: usize = 0; k < step; k += VECTOR) {
    for (let x = 0; x < 3; x++) {
      filterLine(filter + k + step * x, 3 * step, between + VECTOR * x, 3 * VECTOR);
    }
    for (let y = 0; y < SEEN; y++) {
      filterLine(between + 3 * VECTOR * y, VECTOR, to + k + step * SEEN * y, step);
    }
  }
}

/** Transform four channels of an input tile into PRODUCTS vectors, `step` bytes apart. */
function see(
  from: usize, pixel: usize, row: usize, between: usize, to: usize, step: usize,
): void {
  for (let x = 0; x < SEEN; x++) {
    imageLine(from + pixel * x, row, between + VECTOR * x, VECTOR * SEEN);
  }
  for (let y = 0; y < SEEN; y++) {
    imageLine(between + VECTOR * SEEN * y, VECTOR, to + step * SEEN * y, step);
  }
}

/** Transform PRODUCTS vectors into an output tile: the first TILE of each SEEN vectors in `between`. */
function unfold(from: usize, step: usize, between: usize): void {
  for (let x = 0; x < SEEN; x++) {
    productLine(from + step * x, step * SEEN, between + VECTOR * x, VECTOR * SEEN);
  }
  for (let y = 0; y < TILE; y++) {
    const line = between + VECTOR * SEEN * y;
    productLine(line, VECTOR, line, VECTOR);
  }
}

// Each ...Line function multiplies a row or column, vectors `apart` bytes apart, by a matrix of the
// Winograd transform; the results are `step` bytes apart.

@inline
function times(a: f32, x: v128): v128 {
  return f32x4.mul(f32x4.splat(a), x);
}

@inline
function imageLine(from: usize, apart: usize, to: usize, step: usize): void {
  const d0 = v128.load(from), d1 = v128.load(from + apart), d2 = v128.load(from + 2 * apart);
  const d3 = v128.load(from + 3 * apart), d4 = v128.load(from + 4 * apart), d5 = v128.load(from + 5 * apart);
  const even = multiplyAdd(f32x4.splat(-4), d2, d4), odd = multiplyAdd(f32x4.splat(-4), d1, d3);
  const far = f32x4.sub(d4, d2), wide = f32x4.sub(d3, d1);
  const twice = f32x4.add(wide, wide);
  v128.store(to, f32x4.add(multiplyAdd(f32x4.splat(4), d0, d4), times(-5, d2)));
  v128.store(to + step, f32x4.add(even, odd));
  v128.store(to + 2 * step, f32x4.sub(even, odd));
  v128.store(to + 3 * step, f32x4.add(far, twice));
  v128.store(to + 4 * step, f32x4.sub(far, twice));
  v128.store(to + 5 * step, f32x4.add(multiplyAdd(f32x4.splat(4), d1, d5), times(-5, d3)));
}

@inline
function productLine(from: usize, apart: usize, to: usize, step: usize): void {
  const m0 = v128.load(from), m1 = v128.load(from + apart), m2 = v128.load(from + 2 * apart);
  const m3 = v128.load(from + 3 * apart), m4 = v128.load(from + 4 * apart), m5 = v128.load(from + 5 * apart);
  const near = f32x4.add(m1, m2), nearOdd = f32x4.sub(m1, m2);
  const far = f32x4.add(m3, m4), farOdd = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(m0, f32x4.add(near, far)));
  v128.store(to + step, multiplyAdd(f32x4.splat(2), farOdd, nearOdd));
  v128.store(to + 2 * step, multiplyAdd(f32x4.splat(4), far, near));
  v128.store(to + 3 * step, f32x4.add(multiplyAdd(f32x4.splat(8), farOdd, nearOdd), m5));
}

@inline
function filterLine(from: usize, apart: usize, to: usize, step: usize): void {
  const g0 = v128.load(from), g1 = v128.load(from + apart), g2 = v128.load(from + 2 * apart);
  const sum = times(-1.0 / 6, f32x4.add(g0, g2)), middle = times(-1.0 / 6, g1);
  const wide = f32x4.add(times(1.0 / 24, g0), times(1.0 / 6, g2)), half = times(1.0 / 12, g1);
  v128.store(to, times(0.25, g0));
  v128.store(to + step, f32x4.add(sum, middle));
  v128.store(to + 2 * step, f32x4.sub(sum, middle));
  v128.store(to + 3 * step, f32x4.add(wide, half));
  v128.store(to + 4 * step, f32x4.sub(wide, half));
  v128.store(to + 5 * step, g2);
}

/** Matrix product [rows][length] x [length][columns] plus one bias per column, at least `floor`. */
export function multiply(
  a: usize, b: usize, bias: usize, output: usize, rows: i32, length: i32, columns: i32, floor: f32,
): void {
  const least = f32x4.splat(floor);
  if (rows < 4 || columns < 2 * LANES || columns % LANES != 0) {
    for (let row = 0; row < rows; row++) {
      rest(a + FLOAT * length * row, b, bias, output + FLOAT * columns * row, length, columns, floor);
    }
    return;
  }
  // The last block may overlap the one before: faster than single rows and columns.
  for (let row = 0; row < rows; row += 4) {
    const first = min(row, rows - 4);
    const out = output + FLOAT * columns * first;
    for (let column = 0; column < columns; column += 2 * LANES) {
      block(a + FLOAT * length * first, b, bias, out, length, columns, min(column, columns - 2 * LANES), least);
    }
  }
}

/** Compute four rows and eight columns at once, with eight sums in registers. */
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

/** Compute one row with any number of columns. */
function rest(
  a: usize, b: usize, bias: usize, output: usize, length: i32, columns: i32, floor: f32,
): void {
  const least = f32x4.splat(floor);
  let column = 0;
  for (; column + LANES <= columns; column += LANES) {
    const offset = FLOAT * column;
    let sum = v128.load(bias + offset);
    let weights = b + offset;
    for (let k = 0; k < length; k++) {
      sum = multiplyAdd(v128.load32_splat(a + FLOAT * k), v128.load(weights), sum);
      weights += FLOAT * columns;
    }
    v128.store(output + offset, f32x4.max(sum, least));
  }
  for (; column < columns; column++) {
    const offset = FLOAT * column;
    let sum = load<f32>(bias + offset);
    let weights = b + offset;
    for (let k = 0; k < length; k++) {
      sum += load<f32>(a + FLOAT * k) * load<f32>(weights);
      weights += FLOAT * columns;
    }
    store<f32>(output + offset, max(sum, floor));
  }
}

/**
 * Depthwise convolution with one or two filters per input channel, bias, and ReLU if `floor` is 0.
 * `channels` is the number of output channels; the two of an input channel are adjacent.
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

/** Load two channels and repeat each. */
function twice(from: usize): v128 {
  const two = v128.load64_zero(from);
  return v128.shuffle<i32>(two, two, 0, 0, 1, 1);
}

/** Convert 8-bit integers to floats: bytes * scale + min. */
export function dequantise(bytes: usize, floats: usize, count: i32, scale: f32, min: f32): void {
  for (let k = 0; k < count; k++) {
    store<f32>(floats + FLOAT * k, min + scale * <f32>load<u8>(bytes + k));
  }
}
