/**
 * Minimization of a smooth convex function by L-BFGS (Nocedal and Wright 2006, "Numerical
 * optimization", algorithm 7.5), with the bisection line search for the weak Wolfe conditions
 * (Lewis and Overton 2013, "Nonsmooth optimization via quasi-Newton methods", algorithm 2.6).
 */

/**
 * A function to minimize. Writes the gradient at `x` and returns the value, which is infinite
 * outside of the domain; the gradient is not used there.
 */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

export interface MinimizeOptions {
  /** Ends when no component of the gradient is larger. */
  readonly tolerance: number;
  /**
   * Ends when an iteration lowers the value, or is expected to lower it, by a smaller share of it.
   * Default: 0.
   */
  readonly leastGain?: number;
  /** Maximum number of iterations. Default: 500. */
  readonly iterations?: number;
  /** Pairs of steps and gradient changes that approximate the curvature. Default: 10. */
  readonly memory?: number;
}

const sufficientDecrease = 1e-4;
const curvature = 0.9;
const maxTrials = 40;

/**
 * Minimizes a convex function.
 *
 * @param start [n], inside the domain.
 * @param tolerance largest absolute value of the gradient at the result.
 * @returns [n]; the best point found if 500 steps do not reach the tolerance.
 * @example
 * const square: Objective = ([x], gradient) => {
 *   gradient[0] = 2 * (x! - 3);
 *   return (x! - 3) ** 2;
 * };
 * minimize(square, Float64Array.of(0), 1e-9); // [3]
 */
export function minimize(
  objective: Objective,
  start: Float64Array,
  tolerance: number,
): Float64Array {
  const iterations = minimizing(objective, start, { tolerance });
  for (;;) {
    const { done, value } = iterations.next();
    if (done) return value;
  }
}

/**
 * Minimizes a convex function, one iteration per `next()`, so that the caller can do other work in
 * between.
 *
 * @param start [n], inside the domain; is not changed.
 * @returns [n]; the best point found.
 */
export function* minimizing(
  objective: Objective,
  start: Float64Array,
  { tolerance, leastGain = 0, iterations = 500, memory = 10 }: MinimizeOptions,
): Generator<undefined, Float64Array> {
  let at = evaluate(objective, start.slice());
  const pairs: Pair[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (at.gradient.every((value) => Math.abs(value) <= tolerance)) break;
    yield;
    const direction = descent(at.gradient, pairs);
    const norm = Math.sqrt(dot(at.gradient, at.gradient));
    const first = pairs.length > 0 ? 1 : Math.min(1, 1 / norm);
    const least = leastGain * Math.abs(at.value);
    const next = lineSearch(objective, at, direction, first, least);
    if (!next) break; // The step is below the precision of the numbers, or its gain is too small.
    remember(pairs, at, next, memory);
    const gain = at.value - next.value;
    at = next;
    // The first step has no curvature, so that its gain may be small far from the minimum.
    if (iteration > 0 && gain < least) break;
  }
  return at.point;
}

interface Evaluated {
  readonly point: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

function evaluate(objective: Objective, point: Float64Array): Evaluated {
  const gradient = new Float64Array(point.length);
  return { point, value: objective(point, gradient), gradient };
}

/** A step s, its change of the gradient y, and 1 / sᵀy. */
interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly scale: number;
}

/** Keeps the newest pairs whose curvature is positive. */
function remember(pairs: Pair[], from: Evaluated, to: Evaluated, memory: number): void {
  const step = to.point.map((value, i) => value - from.point[i]!);
  const change = to.gradient.map((value, i) => value - from.gradient[i]!);
  const product = dot(step, change);
  if (!(product > 1e-12 * dot(change, change))) return;
  pairs.push({ step, change, scale: 1 / product });
  if (pairs.length > memory) pairs.shift();
}

/** Returns the direction −H g by the two-loop recursion (algorithm 7.4). */
function descent(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const direction = gradient.map((value) => -value);
  const shares: number[] = [];
  for (const { step, change, scale } of pairs.toReversed()) {
    const share = scale * dot(step, direction);
    shares.push(share);
    addScaled(direction, change, -share);
  }
  const newest = pairs.at(-1);
  if (newest) {
    const factor = 1 / (newest.scale * dot(newest.change, newest.change));
    for (let i = 0; i < direction.length; i++) direction[i]! *= factor;
  }
  for (const { step, change, scale } of pairs) {
    addScaled(direction, step, shares.pop()! - scale * dot(change, direction));
  }
  return direction;
}

/**
 * Finds a point along the direction by the weak Wolfe conditions, or one with a lower value.
 *
 * @param least Gives up if the gain would be smaller: half of step times slope, as of a parabola.
 */
function lineSearch(
  objective: Objective,
  from: Evaluated,
  direction: Float64Array,
  firstLength: number,
  least: number,
): Evaluated | undefined {
  const slope = dot(from.gradient, direction);
  if (!(slope < 0)) return undefined;
  let [low, high, length] = [0, Number.POSITIVE_INFINITY, firstLength];
  let lower: Evaluated | undefined;
  for (let trial = 0; trial < maxTrials && (length * -slope) / 2 >= least; trial++) {
    const point = from.point.map((value, i) => value + length * direction[i]!);
    const tried = evaluate(objective, point);
    if (!(tried.value <= from.value + sufficientDecrease * length * slope)) {
      high = length;
    } else {
      lower = tried;
      if (dot(tried.gradient, direction) >= curvature * slope) return tried;
      low = length;
    }
    length = high < Number.POSITIVE_INFINITY ? (low + high) / 2 : 2 * low;
  }
  return lower;
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

function addScaled(target: Float64Array, values: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * values[i]!;
}
