/**
 * The small networks that tell marks from digits, and what they are told.
 *
 * Pure functions: no DOM, no model.
 *
 * @import { Drawing, PredictedGroup, Prediction } from "../types"
 * @typedef {{ hidden: number[][], hidden_bias: number[], kernel: number[][], bias: number[] }} Layers
 */
import { measureLine, placementOf } from "./placement.js";

export const FLOOR = 1e-4; // of probabilities, before logarithms

/**
 * @param {number[]} inputs
 * @param {Layers} layers
 */
export function logits(inputs, { hidden, hidden_bias: shift, kernel, bias }) {
  return dense(dense(inputs, hidden, shift).map(Math.tanh), kernel, bias);
}

/** @param {number[]} values */
export function softmax(values) {
  const greatest = Math.max(...values);
  const shares = values.map((each) => Math.exp(each - greatest));
  const total = shares.reduce((sum, each) => sum + each, 0);
  return shares.map((each) => each / total);
}

/**
 * @param {number[]} inputs
 * @param {number[][]} kernel a row for each input
 * @param {number[]} bias
 */
function dense(inputs, kernel, bias) {
  const outputs = [...bias];
  for (let n = 0; n < inputs.length; n++) {
    const value = inputs[n];
    const row = kernel[n];
    for (let k = 0; k < outputs.length; k++) outputs[k] += value * row[k];
  }
  return outputs;
}

/**
 * Return what groups are told apart by: a row of numbers for each.
 * @param {Drawing} drawing
 * @param {PredictedGroup[]} groups with predictions
 */
export function markInputs(drawing, groups) {
  const line = measureLine(drawing);
  return groups.map((group) => inputsOf(group, placementOf(group, line).inputs));
}

/**
 * Return what a group is told by: what its image says, and where it stands.
 * @param {PredictedGroup} group with a prediction
 * @param {number[]} placed
 */
export function inputsOf({ prediction }, placed) {
  const { probabilities, notADigit, marks } = /** @type {Prediction} */ (prediction);
  const score = Math.min(1 - FLOOR, Math.max(FLOOR, notADigit ?? 0));
  const inputs = [];
  if (marks) for (let k = 0; k < marks.length; k++) inputs.push(Math.log(marks[k] + FLOOR));
  let best = FLOOR;
  for (let k = 0; k < probabilities.length; k++) best = Math.max(best, probabilities[k]);
  inputs.push(Math.log(best), Math.log(score / (1 - score)));
  return inputs.concat(placed);
}
