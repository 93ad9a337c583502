/**
 * Minimization of a smooth convex function by L-BFGS (Liu and Nocedal, "On the limited memory BFGS
 * method for large scale optimization", Mathematical Programming 45, 1989), with a line search that
 * halves the step until the function falls enough (Armijo's condition).
 */

/** Pairs of steps and gradient changes that approximate the curvature. */
const memory = 10;
const maxIterations = 500;
/** Share of the decrease that the slope promises, which a step has to reach. */
const enough = 1e-4;

/**
 * A function to minimize. Writes the gradient at `x` and returns the value, which is infinite
 * outside of the domain; the gradient is not used there.
 */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

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
  const gradient = new Float64Array(start.length);
  let x = start.slice();
  let value = objective(x, gradient);
  const pairs: CurvaturePair[] = [];
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (gradient.every((slope) => Math.abs(slope) <= tolerance)) break;
    const direction = descent(gradient, pairs);
    const found = lineSearch(objective, x, value, gradient, direction, pairs.length === 0);
    if (!found) break; // The step is below the precision of the numbers.
    const change = found.gradient.map((slope, i) => slope - gradient[i]!);
    const step = found.x.map((coordinate, i) => coordinate - x[i]!);
    const curvature = dot(step, change);
    if (curvature > 0) pairs.push({ step, change, curvature });
    if (pairs.length > memory) pairs.shift();
    x = found.x;
    value = found.value;
    gradient.set(found.gradient);
  }
  return x;
}

interface CurvaturePair {
  readonly step: Float64Array;
  /** Change of the gradient over the step. */
  readonly change: Float64Array;
  /** Inner product of the two; positive. */
  readonly curvature: number;
}

/** Returns minus the gradient, multiplied by the approximate inverse of the Hessian. */
function descent(gradient: Float64Array, pairs: readonly CurvaturePair[]): Float64Array {
  const direction = gradient.map((slope) => -slope);
  const shares = pairs.map(() => 0);
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { step, change, curvature } = pairs[k]!;
    shares[k] = dot(step, direction) / curvature;
    addTo(direction, change, -shares[k]!);
  }
  const last = pairs.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
  }
  for (const [k, { step, change, curvature }] of pairs.entries()) {
    addTo(direction, step, shares[k]! - dot(change, direction) / curvature);
  }
  return direction;
}

/** Finds a step that lowers the function enough; the first step of all has length 1 at most. */
function lineSearch(
  objective: Objective,
  x: Float64Array,
  value: number,
  gradient: Float64Array,
  direction: Float64Array,
  isFirst: boolean,
) {
  const slope = dot(gradient, direction);
  let length = isFirst ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
  for (; length > 1e-12; length /= 2) {
    const next = x.map((coordinate, i) => coordinate + length * direction[i]!);
    const nextGradient = new Float64Array(x.length);
    const nextValue = objective(next, nextGradient);
    if (nextValue <= value + enough * length * slope) {
      return { x: next, value: nextValue, gradient: nextGradient };
    }
  }
  return undefined;
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

function addTo(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * source[i]!;
}
