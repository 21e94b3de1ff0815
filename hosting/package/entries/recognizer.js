/** The recognizer without the pad. */
import "./model.js";

export { RecognizerError, loadRecognizer } from "./web/recognizer.js";
