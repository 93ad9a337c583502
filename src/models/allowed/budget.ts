/** Limits of models: what a small file may ask for, in numbers and steps. */
import { product } from '../../arrays.ts';

/** Maximum of numbers in a tensor whose shape is a constant of the model: 1 GiB of float32. */
export const maxTensorNumbers = 2 ** 28;

/** Maximum of bytes by which the constants of a model may exceed its file. */
export const maxExpandedBytes = 2 ** 30;

/** Maximum of weights of a network of layers: 2 GiB of float32. */
export const maxParameters = 2 ** 29;

/** Maximum of numbers that all layers output per example. */
export const maxLayerOutputs = 2 ** 31;

/** Maximum of iterations of a loop, all loops around it included. */
export const maxIterations = 10_000;

/** Maximum of nodes after every call of a function was replaced by its nodes. */
export const maxNodes = 2 ** 20;

/** A graph or a function: its nodes, and its calls of functions. */
export interface Body {
  readonly nodes: number;
  /** Names of functions, once per call. */
  readonly calls: readonly string[];
}

/**
 * Counts the nodes of a graph after every call of a function was replaced by the nodes of the
 * function. Functions that call others twice each, or themselves, make a small file endless.
 *
 * @returns infinity if a function calls itself, directly or through others.
 */
export function expandedNodes(graph: Body, functions: ReadonlyMap<string, Body>): number {
  const counted = new Map<string, number>();
  const count = (body: Body): number => {
    let sum = body.nodes;
    for (const name of body.calls) sum += countFunction(name);
    return sum;
  };
  const countFunction = (name: string): number => {
    const body = functions.get(name);
    if (!body) return 0;
    const known = counted.get(name);
    if (known !== undefined) return known;
    counted.set(name, Number.POSITIVE_INFINITY); // While it is counted: a call of itself.
    const nodes = count(body);
    counted.set(name, nodes);
    return nodes;
  };
  // Functions that nothing calls count as well: libraries may read them.
  let most = count(graph);
  for (const name of functions.keys()) most = Math.max(most, countFunction(name));
  return most;
}

/**
 * Returns the numbers in a tensor of this shape.
 * @param values Sizes of the axes. Open ones are negative, and count as one.
 */
export function shapeNumbers(values: readonly number[]): number {
  return product(values.map((size) => Math.max(1, Math.abs(size))));
}
