/** Types that several modules share. For `tsc --checkJs` only: no browser ever loads this file. */

/** `[x, y]` or `[x, y, milliseconds]`: y points down, x and y in any one unit. */
export type Point = number[];

/** One line of the pen, from pen down to pen up; never empty. */
export type Stroke = Point[];

/** Strokes in the order in which they were drawn. */
export type Drawing = Stroke[];

/** The edges of a rectangle. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The part of the drawing's plane that a pad shows, as in SVG's `viewBox`. */
export interface ViewBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * A part of a stroke: its points from the index `from` to the index `to`, both included. Where two
 * pieces meet, the point at the cut belongs to both; a cut is always at a point that was drawn.
 */
export interface Piece {
  /** Index of the drawing's stroke. */
  stroke: number;
  from: number;
  to: number;
  /** Whether it is the line to the next symbol, which no symbol is read from. */
  connection?: boolean;
}

/** Strokes that may be one symbol. */
export interface Group {
  /** Indices of the drawing's strokes, ascending. */
  strokes: number[];
  /** One number for each name in `SHAPE` (segment.js). */
  shape: number[];
}

/** Strokes and parts of strokes that may be one symbol. */
export interface CutGroup extends Group {
  /** Numbers of the cells, the parts between neighbouring cuts, that it takes. */
  cells: number[];
  pieces: Piece[];
}

/** The network's output for one field, and the field itself. */
export interface Prediction {
  /** 784 values in [0, 1], row by row, ink high. */
  pixels: Float32Array;
  /** One for each label; they sum to 1. */
  probabilities: Float32Array;
  /** Rejection score in [0, 1]; null if the model has none. */
  notADigit: number | null;
  /** One for each mark, and one for anything else; null unless marks are asked for. */
  marks?: Float32Array | null;
}

/** The network's output for n fields. */
export interface Predictions {
  /** n rows of one probability for each label. */
  probabilities: Float32Array;
  /** n rejection scores in [0, 1]; null if the model has none. */
  notADigit: Float32Array | null;
  /** n rows of one probability for each mark and one for anything else, if they are asked for. */
  marks?: Float32Array | null;
}

/** A group with the prediction for it, once there is one. */
export interface PredictedGroup extends Group {
  pieces: Piece[];
  /** Names its ink: the key in the cache. */
  key: string;
  prediction: Prediction | null;
}

/** A group of strokes with everything that its score is made of. */
export interface Candidate {
  /** Indices of the drawing's strokes. */
  strokes: number[];
  pieces: Piece[];
  /** One number for each name in `FEATURES` (recognition/scoring.js). */
  features: number[];
  prediction: Prediction;
  /** The mark that it is read as, rather than as a digit, and how likely that is. */
  mark?: string;
  markProbability?: number;
  /** How likely it is a digit rather than a mark, where both make sense. */
  certainty?: number;
  /** The digit that it is read as, if that is not the likeliest one: what is expected decides. */
  digit?: number | null;
  /** Whether a space is before it. */
  spaced?: boolean;
}

/** What one field is read as. */
export interface ReadField {
  /** null for a non-digit, shown as "?". */
  digit: number | null;
  /** The greatest of the probabilities; less for a symbol that a stroke was cut for. */
  confidence: number;
  /** One for each digit, given that it is one. */
  probabilities: Float32Array;
  /** Rejection score in [0, 1]; null if the model has none. */
  notADigit: number | null;
}

/** One character of a reading. */
export interface ReadSymbol extends ReadField {
  /** Indices of the drawing's strokes that make it up; joined symbols share one. */
  strokes: number[];
  /** The points that make it up: all of a reading's pieces together hold all of the drawing. */
  pieces: Piece[];
  /** Its line of writing, from 0 at the top. */
  line: number;
  /** In the drawing's unit. */
  box: ViewBox;
  /** The 28x28 field that the network read. */
  pixels: Float32Array;
  /** The mark that it is read as, such as "."; its `digit` is null. Only where marks are asked for. */
  mark?: string;
  /** Whether a space is before it. Only where the mark " " is asked for. */
  spaced?: boolean;
  /** Whether the user chose the digit. */
  corrected?: boolean;
}

/** What a drawing is read as. */
export interface Reading {
  /** One character per symbol, "\n" between lines; "" if nothing is drawn. */
  text: string;
  /** Product of the symbols' confidences; 1 if nothing is drawn. */
  confidence: number;
  /** Line by line from the top, each from left to right. */
  symbols: ReadSymbol[];
}

/** Size and checksum of a model's file. */
export interface FileFacts {
  bytes: number;
  /** In hexadecimal. */
  sha256: string;
}

/** A model's meta.json. */
export interface Meta {
  format: number;
  labels: string[];
  /** Field and box in pixels, width of the pen in pixels of the field. */
  ink: { size: number; box: number; width: number };
  /** Names of the graph's tensors; `not_a_digit` is the rejection score. */
  nodes: {
    features: string;
    logits: string;
    probabilities: string;
    activations: { layer: string; node: string; shape: number[] }[];
    not_a_digit?: string | null;
    marks?: string | null;
  };
  /** Rejection threshold: higher scores are non-digits. Without one nothing is rejected. */
  threshold?: number | null;
  /**
   * Weights of the features of a group, and those that hold once doubtful strokes are cut. Without
   * weights a drawing is read as one symbol.
   */
  segment?: { weights: Record<string, number>; cut_weights?: Record<string, number> };
  /** The second network, if there is one. */
  strokes?: StrokeMeta;
  /** What reads marks, if the model does. */
  marks?: { files: string[] };
  files: Record<string, FileFacts>;
}

/** What meta.json says of the second network, which reads the path of the pen. */
export interface StrokeMeta {
  /** Name of the tensor: a row of one probability for each label and one for a non-digit. */
  node: string;
  /** Of logarithms: of both networks' probabilities, and of their rejection scores. */
  weights: { image: number; path: number; image_score: number; path_score: number; bias: number };
  /** Names of its files. */
  files: string[];
}
