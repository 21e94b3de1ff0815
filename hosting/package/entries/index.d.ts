import type { DigitPad } from "./web/digit-pad.js";

export { DigitPad } from "./web/digit-pad.js";
export type { Drawing, Point, Reading, ReadSymbol, Stroke } from "./web/types.js";

declare global {
  interface HTMLElementTagNameMap {
    "digit-pad": DigitPad;
  }
}
