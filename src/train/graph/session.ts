/** A graph that runs in a session of TensorFlow's: typed arrays in, floats out. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backend } from '../kernels.ts';
import { type Node, savedModelBytes, tag } from './saved-model.ts';

/** Values for a placeholder. They are not copied: they must not change before the run is over. */
export interface Feed {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

export interface Session {
  /**
   * @param feeds by the names of placeholders.
   * @param outputs names of nodes.
   * @returns the outputs' values, in their order.
   */
  run(feeds: ReadonlyMap<string, Feed>, outputs: readonly string[]): Float32Array[];
  /** Frees the graph and its variables. */
  close(): void;
}

/** @throws Error when TensorFlow refuses the graph. */
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
        binding.createTensor([...shape], typeOf(values), values),
      );
      try {
        const found = binding.runSavedModel(id, inputs, [...feeds.keys()].join(), outputs.join());
        return found.map(({ id }) => {
          const values = binding.tensorDataSync(id) as Float32Array; // Our graphs give floats only.
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
