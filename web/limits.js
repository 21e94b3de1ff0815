/** How much is taken from outside: what is larger is a mistake or malice, and would stop the page. */

/** Bytes of a drawings file; a thousand drawings have about one million. */
export const FILE = 32_000_000;

/** Drawings that are kept: a reading looks at the 200 latest, training is glad of more. */
export const DRAWINGS = 10_000;

/** Characters of a drawing's label. */
export const LABEL = 64;

/** Bytes of a picture; a camera's JPEG of 50 million pixels has about 20 million. */
export const PICTURE = 64_000_000;

/** Pixels of a picture, four bytes of memory each; phones mostly take 12 to 50 million. */
export const PIXELS = 64_000_000;

/** Milliseconds to find the symbols of a picture; a photograph takes one second. A worker that the
 * browser ended for want of memory says nothing. */
export const LOOKING = 30_000;
