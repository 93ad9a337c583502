// A graph in a session of TensorFlow: typed arrays in, floats out.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backend } from './kernels.ts';
import { type Node, savedModelBytes, trainTag } from './saved-graph.ts';
import { makeWorkFolder } from './scratch-folder.ts';

/** Values for a placeholder. */
export interface Feed {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array | readonly string[];
}

export interface Session {
  /**
   * Runs nodes of the graph.
   * @param feeds by the names of placeholders.
   * @param outputs names of nodes.
   * @returns the outputs' values, in their order.
   */
  run(feeds: ReadonlyMap<string, Feed>, outputs: readonly string[]): Float32Array[];
  /** Frees the graph and its variables. */
  close(): void;
}

/** Opens a session. @throws Error if TensorFlow refuses the graph. */
export function openSession(nodes: readonly Node[]): Session {
  const folder = makeWorkFolder('graph');
  try {
    writeFileSync(join(folder, 'saved_model.pb'), savedModelBytes(nodes));
    return openGraph(folder, trainTag);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Opens a session of the graph in a SavedModel. @throws Error if TensorFlow refuses it. */
export function openGraph(folder: string, tag: string): Session {
  const { binding } = backend;
  const id = binding.loadSavedModel(folder, tag);
  return {
    run(feeds, outputs) {
      const inputs = Array.from(feeds.values(), ({ shape, values }) =>
        binding.createTensor([...shape], typeOf(values), unaligned(values)),
      );
      try {
        const found = binding.runSavedModel(id, inputs, [...feeds.keys()].join(), outputs.join());
        return found.map(({ id }) => {
          const values = binding.tensorDataSync(id) as Float32Array; // Our graphs output floats.
          binding.deleteTensor(id);
          return values;
        });
      } finally {
        for (const input of inputs) binding.deleteTensor(input);
      }
    },
    close: () => binding.deleteSavedModel(id),
  };
}

function typeOf(values: Feed['values']): number {
  const { binding } = backend;
  if (values instanceof Float32Array) return binding.TF_FLOAT;
  if (values instanceof Int32Array) return binding.TF_INT32;
  return values instanceof Uint8Array ? binding.TF_UINT8 : binding.TF_STRING;
}

/**
 * Copies values to an unaligned address, so that TensorFlow copies them instead of sharing memory:
 * its kernels need an alignment of 64 bytes. One of TensorFlow's threads may release shared memory,
 * such as a variable's old value. Node ends the process when a thread other than its own does that.
 */
function unaligned(values: Feed['values']): Parameters<typeof backend.binding.createTensor>[2] {
  if (!ArrayBuffer.isView(values)) return values.map((text) => new TextEncoder().encode(text));
  const memory = new ArrayBuffer(values.byteLength + 4);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  new Uint8Array(memory, 4).set(bytes);
  if (values instanceof Uint8Array) return new Uint8Array(memory, 4);
  return values instanceof Float32Array ? new Float32Array(memory, 4) : new Int32Array(memory, 4);
}
