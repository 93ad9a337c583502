// A graph in a session of TensorFlow: typed arrays in, floats out.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backend } from '../kernels.ts';
import { type Node, savedModelBytes, tag } from './saved-model.ts';

/** Values for a placeholder. */
export interface Feed {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
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
  const { binding } = backend;
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-graph-'));
  let id: number;
  try {
    writeFileSync(join(folder, 'saved_model.pb'), savedModelBytes(nodes));
    id = binding.loadSavedModel(folder, tag);
  } finally {
    rmSync(folder, { recursive: true });
  }
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

function typeOf(values: Float32Array | Int32Array): number {
  return values instanceof Float32Array ? backend.binding.TF_FLOAT : backend.binding.TF_INT32;
}

/**
 * Copies values to an unaligned address, so that TensorFlow copies them instead of sharing memory:
 * its kernels need an alignment of 64 bytes. One of TensorFlow's threads may release shared memory,
 * such as a variable's old value. Node ends the process when a thread other than its own does that.
 */
function unaligned(values: Float32Array | Int32Array): Float32Array | Int32Array {
  const memory = new ArrayBuffer(values.byteLength + 4);
  const kind = values instanceof Float32Array ? Float32Array : Int32Array;
  const copy = new kind(memory, 4, values.length);
  copy.set(values);
  return copy;
}
