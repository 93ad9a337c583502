/** Tensors that the JSON file of a model lists: their size is known before any of them is read. */
import { z } from 'zod';
import { product, sum } from '../arrays.ts';
import { listOf } from '../wide-schemas.ts';

/** Maximum number of tensors of a model, and of axes of each. */
const maxTensors = 100_000;
export const maxAxes = 8;

/** Shape of a tensor. */
export const tensorShape = listOf(z.int().nonnegative(), maxAxes);

/** Returns the schema of a list of tensors. */
export function tensorList<Tensor extends z.ZodType>(tensor: Tensor) {
  return listOf(tensor, maxTensors);
}

/** Returns the number of values in all tensors. */
export function countNumbers(tensors: readonly { readonly shape: readonly number[] }[]): number {
  return sum(tensors.map(({ shape }) => product(shape)));
}
