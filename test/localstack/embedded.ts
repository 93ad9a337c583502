import { createPool } from '../../dist/src/engines/pool.js';
import { startRun } from '../../dist/src/stages/start.js';
import { interpret } from '../../src/engines/interpreter.ts';
import { type Json, prepareWorkflow, readWorkflow } from '../../src/engines/workflow.ts';
import { readBytes } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';

export interface EmbeddedRun {
  readonly run: string;
  /** The states entered and the functions called, sorted: shards by their place in the manifest. */
  readonly calls: string[];
}

/** Runs a dataset in this process's engine, and writes down what it enters and calls. */
export async function runEmbedded(dataset: string, results: string): Promise<EmbeddedRun> {
  const started = await startRun(dataset, results);
  const calls: string[] = [];
  const shards: string[] = [];
  const advice = { resume: '', lessMemory: '', largerHeap: '' };
  const pool = createPool({ size: 2, onProgress: () => {}, advice });
  const machine = readWorkflow();
  const handlers = prepareWorkflow(
    machine,
    async (task, event) => {
      calls.push(nameCall(task, event, shards));
      return ((await pool.invoke(task, event)) ?? null) as Json;
    },
    async (bucket, key) => {
      const items = JSON.parse(
        Buffer.from(await readBytes(await openStore(bucket), key)).toString(),
      );
      if (key.endsWith('/shards.json')) shards.push(...items.map(({ id }: { id: string }) => id));
      return items;
    },
  );
  const input = { ...started, execution: started.run };
  const { result, eventLogs } = interpret(machine, input, handlers);
  try {
    for await (const { type, state } of eventLogs) {
      // The embedded engine reads a manifest in a state of its own, LocalStack in the Map's.
      if (type === 'StateEntered' && state && !state.name.endsWith(': items')) {
        calls.push(`enter ${state.name}`);
      }
    }
    await result;
  } finally {
    await pool.stop();
  }
  return { run: started.run, calls: calls.sort() };
}

/** "call Label 3": the fourth shard of the manifest, since ids differ with the store. */
export function nameCall(task: string, event: unknown, shards: readonly string[]): string {
  const { shard, variant } = event as { shard?: { id: string }; variant?: string };
  return ['call', task, shard ? shards.indexOf(shard.id) : variant]
    .filter((part) => part !== undefined)
    .join(' ');
}
