/** The students that the grid compares, all with cross-fitted teachers. */
import { auto } from '../src/debias/auto.ts';
import { lelp } from '../src/debias/lelp.ts';
import { defaultMethod, type MethodName, methodNames, plainMethod } from '../src/debias/methods.ts';
import { weighted } from '../src/debias/weights.ts';

/** All methods, plain distillation first. `auto` is left out, because it stands for another one. */
export const comparedMethods: readonly MethodName[] = [
  plainMethod,
  ...methodNames.filter((name) => name !== plainMethod && name !== auto.name),
];

/** The arm with calibrated teachers. */
export const calibratedName = 'calibrated';

/** Students of calibrated teachers; without calibration, the arm `cross-fitted` has the same. */
export const calibratedModels = [
  'teacher',
  defaultMethod,
  `${plainMethod}-soft`,
  weighted.name,
] as const;

/** Methods that the grid also trains on soft labels. */
export const softMethods: readonly MethodName[] = [plainMethod, lelp.name];

/** The name of a student in a run whose labels are hard by default. */
export function softName(method: MethodName): string {
  return `${method}-soft`;
}
