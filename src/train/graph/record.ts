/**
 * Records what tfjs computes as the nodes of a TensorFlow graph. Every kernel of tfjs-node is
 * called through one object, its binding; during recording a proxy logs each call and forwards it.
 * Decisions of JavaScript during recording (a loop's length, a shape, a random number) are fixed in
 * the graph.
 */

import { type Binding, backend } from '../../models/kernels.ts';
import type { Node } from '../../models/saved-graph.ts';
import { tf, type tfTypes } from '../../tensorflow.ts';
import { withoutLargeResults } from './large-tensors.ts';

/** Error for a computation that cannot be a graph. */
export class RecordingError extends Error {}

export interface Recorder {
  /** Makes a tensor for the output `name` of one of the caller's nodes. Its numbers are 0. */
  source(name: string, shape: readonly number[], dtype: 'float32' | 'int32'): tfTypes.Tensor;
  /** Makes an output with a tensor's value, under a name of the caller's choice. */
  output(name: string, tensor: tfTypes.Tensor): string;
}

/** Type attributes that a graph needs and tfjs-node omits, because they follow from the inputs. */
const impliedTypes: Readonly<Record<string, Readonly<Record<string, 'output' | 'int32'>>>> = {
  ExpandDims: { T: 'output', Tdim: 'int32' },
};

/**
 * Records the computation of `body`.
 * @param prefix prefix of the names of all nodes.
 * @returns the nodes, in the order of their computation.
 * @throws RecordingError if a value is read, which would be fixed in the graph.
 */
export function record(prefix: string, body: (recorder: Recorder) => void): Node[] {
  const nodes: Node[] = [];
  const outputs = new Map<number, string>();
  const sources = new Map<unknown, string>();
  const real = backend.binding;
  const { executeOp, deleteTensor } = withoutLargeResults(real);

  const addNode = (node: Omit<Node, 'name'>, name = `${node.op}_${nodes.length}`): string => {
    nodes.push({ ...node, name: `${prefix}/${name}` });
    return `${prefix}/${name}`;
  };
  const addConstant = (shape: readonly number[], type: number, values: unknown): string => {
    if (!(ArrayBuffer.isView(values) && isNumbers(values))) {
      throw new RecordingError('it has constants that are not numbers');
    }
    return addNode({ op: 'Const', inputs: [], attributes: [], constant: { shape, type, values } });
  };
  /** Adds a tensor from before the recording as a constant: only this code could change it. */
  const addOutside = (id: number): string => {
    const [seen] = real.executeOp('Identity', [], [id], 1);
    const name = addConstant(seen!.shape, seen!.dtype, real.tensorDataSync(seen!.id));
    real.deleteTensor(seen!.id);
    outputs.set(id, name);
    return name;
  };

  const instead: Pick<Binding, 'createTensor' | 'deleteTensor' | 'executeOp' | 'tensorDataSync'> = {
    deleteTensor,
    createTensor(shape, type, values) {
      const id = real.createTensor(shape, type, values);
      outputs.set(id, sources.get(values) ?? addConstant(shape, type, values));
      return id;
    },
    executeOp(op, attributes, ids, count) {
      const found = executeOp(op, attributes, ids, count);
      const inputs = ids.map((id) => outputs.get(id) ?? addOutside(id));
      const implied = Object.entries(impliedTypes[op] ?? {}).map(([name, type]) => ({
        name,
        type: real.TF_ATTR_TYPE,
        value: type === 'output' ? found[0]!.dtype : real.TF_INT32,
      }));
      const name = addNode({
        op,
        inputs,
        attributes: [...attributes, ...implied],
        outputs: found.map(({ shape, dtype }) => ({ shape, type: dtype })),
      });
      for (const [index, { id }] of found.entries()) {
        outputs.set(id, index === 0 ? name : `${name}:${index}`);
      }
      return found;
    },
    tensorDataSync() {
      throw new RecordingError('it reads a value back in the middle of a step');
    },
  };

  const recorder: Recorder = {
    source(name, shape, dtype) {
      // tfjs-node passes the values to the binding when the tensor is first used.
      const size = tf.util.sizeFromShape([...shape]);
      const values = dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
      sources.set(values, name);
      return tf.tensor(values, [...shape], dtype);
    },
    output(name, tensor) {
      const type = { name: 'T', type: real.TF_ATTR_TYPE, value: real.TF_FLOAT };
      tf.dispose(backend.executeSingleOutput('Identity', [type], [tensor]));
      return addNode(nodes.pop()!, name);
    },
  };

  // Defined, not assigned: assignment fails, because the binding's properties are read-only.
  backend.binding = Object.create(real, Object.getOwnPropertyDescriptors(instead));
  try {
    tf.tidy(() => body(recorder));
  } finally {
    backend.binding = real;
  }
  return nodes;
}

function isNumbers(values: ArrayBufferView): values is Float32Array | Int32Array | Uint8Array {
  return (
    values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array
  );
}
