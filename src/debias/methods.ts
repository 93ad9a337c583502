/** The table of methods: the one place where a method is added. */
import { namesOf, tableOf } from '../table.ts';
import { auto } from './auto.ts';
import { correctness } from './correctness.ts';
import { entropy } from './entropy.ts';
import { fidelity } from './fidelity.ts';
import { lelp } from './lelp.ts';
import type { Method } from './method.ts';
import { relabel } from './relabel.ts';
import { slam } from './slam.ts';
import { uniform } from './uniform.ts';
import { weighted } from './weights.ts';

export const methods = tableOf(
  weighted,
  correctness,
  entropy,
  fidelity,
  slam,
  lelp,
  relabel,
  auto,
  uniform,
);

export type MethodName = keyof typeof methods;

export const methodNames = namesOf(methods);

/** The method of a config that names none. */
export const defaultMethod = relabel.name;

/** The method of a multi-label task whose config names none. */
export const multiLabelMethod = weighted.name;

/** Plain distillation, with which every other method is compared. */
export const plainMethod = uniform.name;

/**
 * Returns a method by its name. The table itself keeps the exact types of options, losses and
 * preparations.
 */
export function methodOf(name: MethodName): Method {
  return methods[name];
}
