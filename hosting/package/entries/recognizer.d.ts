export { type Recognizer, RecognizerError, loadRecognizer } from "./web/recognizer.js";
export type { Drawing, Point, Reading, ReadSymbol, Stroke } from "./web/types.js";
