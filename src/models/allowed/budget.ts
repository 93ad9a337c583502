/** Limits of models: what a small file may ask for, in numbers and steps. */
import { product, sum } from '../../arrays.ts';

/** Maximum number of values in a tensor with a constant shape in the model: 1 GiB of float32. */
export const maxTensorNumbers = 2 ** 28;

/** Maximum number of bytes by which the constants of a model may exceed its file. */
export const maxExpandedBytes = 2 ** 30;

/** Maximum number of weights of a network of layers: 2 GiB of float32. */
export const maxParameters = 2 ** 29;

/** Maximum number of values that all layers output per example. */
export const maxLayerOutputs = 2 ** 31;

/** Maximum number of iterations of a loop, including those of all loops around it. */
export const maxIterations = 10_000;

/** Maximum number of nodes, with each call of a function replaced by the nodes of the function. */
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
  const counted = new Map<Body, number>();
  const started = new Set<Body>();
  // Functions that nothing calls count as well: libraries may read them.
  const waiting = [graph, ...functions.values()];
  let most = 0;
  // Without recursion: a small file can have a chain of calls that overflows the stack.
  for (let body = waiting.at(-1); body; body = waiting.at(-1)) {
    if (counted.has(body)) {
      waiting.pop();
      continue;
    }
    const called = body.calls.flatMap((name) => functions.get(name) ?? []);
    if (started.has(body)) {
      // A function that is not counted yet waits for this one: a call of itself.
      const nodes = called.map((each) => counted.get(each) ?? Number.POSITIVE_INFINITY);
      counted.set(body, body.nodes + sum(nodes));
      most = Math.max(most, counted.get(body)!);
    } else {
      started.add(body);
      for (const each of new Set(called)) if (!started.has(each)) waiting.push(each);
    }
  }
  return most;
}

/**
 * Returns the numbers in a tensor of this shape.
 * @param values Sizes of the axes. Open ones are negative, and count as one.
 */
export function shapeNumbers(values: readonly number[]): number {
  return product(values.map((size) => Math.max(1, Math.abs(size))));
}
