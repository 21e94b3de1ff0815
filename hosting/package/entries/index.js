/** `<digit-pad>`: importing this module defines the element. */
import "./model.js";

export { DigitPad } from "./web/digit-pad.js";
