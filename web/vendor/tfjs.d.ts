/** The part of TensorFlow.js that tfjs.js holds; export/runtime/entry.js lists it. */

export interface Tensor {
  readonly shape: number[];
  dataSync(): Float32Array;
  dispose(): void;
}

export interface ModelArtifacts {
  modelTopology: object;
  signature?: object;
  weightSpecs: object[];
  weightData: ArrayBuffer;
}

/** A converted graph; `load` answers at once when its handler does. */
export class GraphModel {
  constructor(handler: { load(): ModelArtifacts });
  load(): boolean;
  /** One tensor where one node is asked for, else one for each. */
  execute(input: Tensor, nodes: string[]): Tensor | Tensor[];
  dispose(): void;
}

export function memory(): { numTensors: number };
/**
 * Notes what a graph does with an image of a shape. What is returned does it again for images, one
 * after the other, and gives each node's values for them; null where it cannot be noted.
 */
export function record(
  model: GraphModel, shape: number[], nodes: string[],
): ((images: Float32Array) => Float32Array[]) | null;
export function setBackend(name: "cpu"): Promise<boolean>;
export function tensor(values: Float32Array, shape: number[]): Tensor;
export function tidy<T>(compute: () => T): T;
export const version: string;
