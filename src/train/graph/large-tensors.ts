import { product } from '../../arrays.ts';
import { attribute, type Binding } from '../../models/kernels.ts';

type Kernels = Pick<Binding, 'executeOp' | 'deleteTensor'>;
type Metadata = ReturnType<Binding['executeOp']>[number];

/**
 * Upper bound on the size, in bytes, of a result that keeps its numbers. Above it are activations
 * and gradients. Arguments of kernels, such as a shape, are below it, and so are averages of batch
 * norm, which outlive the recording.
 */
const keptBytes = 2 ** 18;

/**
 * Wraps kernels so that their large results take no memory: only the shape of a result is kept, and
 * a kernel that reads it reads zeros. Recording a step computes it once, tfjs keeps all results
 * until the end, and TensorFlow never returns that memory to the system. For the step of a network
 * for photos, this would be two to three times the memory of the training itself.
 */
export function withoutLargeResults(binding: Binding): Kernels {
  const freed = new Map<number, Metadata>();

  function zerosLike({ shape, dtype }: Metadata): number {
    const size = binding.createTensor([shape.length], binding.TF_INT32, Int32Array.from(shape));
    const attributes = [attribute('dtype', 'TYPE', dtype), attribute('init', 'BOOL', true)];
    const [zeros] = binding.executeOp('Empty', attributes, [size], 1);
    binding.deleteTensor(size);
    return zeros!.id;
  }

  return {
    executeOp(op, attributes, ids, count) {
      const zeros = new Map<number, number>();
      for (const id of ids) {
        const large = freed.get(id);
        if (large !== undefined && !zeros.has(id)) zeros.set(id, zerosLike(large));
      }
      try {
        const inputs = ids.map((id) => zeros.get(id) ?? id);
        const results = binding.executeOp(op, attributes, inputs, count);
        for (const result of results.filter(isLarge)) {
          binding.deleteTensor(result.id);
          freed.set(result.id, result);
        }
        return results;
      } finally {
        for (const id of zeros.values()) binding.deleteTensor(id);
      }
    },
    deleteTensor(id) {
      if (!freed.delete(id)) binding.deleteTensor(id);
    },
  };
}

/** A vector is never freed: it may be an average. Numbers take at most 4 bytes. */
function isLarge({ shape }: Metadata): boolean {
  return shape.length > 1 && 4 * product(shape) > keptBytes;
}
