/**
 * Read the size of a picture from its header, before decoding: a few kilobytes can decode to a
 * picture that fills all memory.
 *
 * Pure: no DOM. Formats: JPEG (ITU-T T.81 B.2.2), PNG (section 11.2.2), GIF, BMP (a negative height
 * means rows from the top), WebP (RFC 9649), AVIF and HEIC (ISO/IEC 23008-12
 * 6.5.3).
 */

// Larger pictures would freeze the page.
/** Bytes of a picture; a camera's JPEG of 50 million pixels has about 20 million. */
export const MAX_PICTURE_BYTES = 64_000_000;
/** Pixels of a picture, four bytes of memory each; phones mostly take 12 to 50 million. */
export const MAX_PICTURE_PIXELS = 64_000_000;

/**
 * Return the size of a picture.
 * @param {Uint8Array} bytes of the file
 * @returns {{ width: number, height: number } | null} null for other formats
 */
export function pictureSize(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (view.getUint32(0) === 0x89504e47) return size(view.getUint32(16), view.getUint32(20));
    if (view.getUint16(0) === 0xffd8) return ofJpeg(view);
    if (text(bytes, 0) === "GIF8") return size(view.getUint16(6, true), view.getUint16(8, true));
    if (text(bytes, 0).startsWith("BM")) return ofBitmap(view);
    if (text(bytes, 0) === "RIFF" && text(bytes, 8) === "WEBP") return ofWebp(bytes, view);
    if (text(bytes, 4) === "ftyp") return ofContainer(bytes, view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the header is incomplete
  }
  return null;
}

/** @param {DataView} view */
function ofBitmap(view) {
  const isOfOs2 = view.getUint32(14, true) === 12; // BITMAPCOREHEADER
  if (isOfOs2) return size(view.getUint16(18, true), view.getUint16(20, true));
  return size(view.getInt32(18, true), Math.abs(view.getInt32(22, true)));
}

/**
 * Find the first frame's header and skip other segments.
 * @param {DataView} view
 */
function ofJpeg(view) {
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) return null;
    const kind = view.getUint8(at + 1);
    if (kind === 0xff) at += 1; // padding
    else if (kind >= 0xc0 && kind <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(kind)) {
      return size(view.getUint16(at + 7), view.getUint16(at + 5));
    } else if (kind === 0x01 || (kind >= 0xd0 && kind <= 0xd8)) at += 2;
    else at += 2 + view.getUint16(at + 2);
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {DataView} view
 */
function ofWebp(bytes, view) {
  const kind = text(bytes, 12);
  if (kind === "VP8 ") return size(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    return size((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
  }
  if (kind !== "VP8X") return null;
  const [width, height] = [24, 27].map((at) => view.getUint16(at, true) + (view.getUint8(at + 2) << 16) + 1);
  return size(width, height);
}

/**
 * Return the largest image in the container's properties.
 * @param {Uint8Array} bytes
 * @param {DataView} view
 */
function ofContainer(bytes, view) {
  let largest = null;
  for (let at = 0; at + 16 <= bytes.length; at++) {
    if (bytes[at] !== 0x69 || text(bytes, at) !== "ispe") continue;
    const found = size(view.getUint32(at + 8), view.getUint32(at + 12));
    if (!largest || found.width * found.height > largest.width * largest.height) largest = found;
  }
  return largest;
}

/**
 * @param {number} width
 * @param {number} height
 */
function size(width, height) {
  return { width, height };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} start
 */
function text(bytes, start) {
  return String.fromCharCode(...bytes.subarray(start, start + 4));
}
