import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Batch } from '../../src/train/batch-shape.ts';

export interface TrainingData {
  readonly shape: readonly number[];
  readonly classes: number;
  /** All examples, as one batch. */
  readonly all: Batch;
}

const schema = z.object({ shape: z.array(z.int()), classes: z.int() });

/** Reads what bench/peers/training_data.py wrote under this name. */
export async function readTrainingData(folder: string, name: string): Promise<TrainingData> {
  const about = schema.parse(JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')));
  const read = async (what: string) => {
    const { buffer } = Uint8Array.from(await readFile(join(folder, `${name}.${what}`)));
    return new Float32Array(buffer);
  };
  const weights = await read('weights');
  const all = {
    size: weights.length,
    rows: { n: weights.length, values: await read('examples') },
    targets: await read('targets'),
    teacherMargins: new Float32Array(weights.length),
    weights,
  };
  return { ...about, all };
}
