import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Features, featureShape } from '../../src/data/features/index.ts';
import { allExporters, saveModel } from '../../src/models/exporters.ts';
import type { StudentDescription } from '../../src/models/student-description.ts';
import { buildNetwork, smallConvnet, smallMlp } from './networks.ts';
import { classes } from './students.ts';

/** Writes a student of random weights, as a program gets it, in all formats. Needs TensorFlow. */
export async function writeStudent(
  folder: string,
  features: Features,
  more: Partial<StudentDescription> = {},
): Promise<void> {
  const network = features.kind === 'image' ? smallConvnet : smallMlp;
  const model = await buildNetwork(network, featureShape(features), classes.length, 1);
  const description = { classes, features, ...more, createdBy: 'a test' };
  mkdirSync(join(folder, 'saved_model'), { recursive: true });
  for (const [name, bytes] of await saveModel(model, description, allExporters)) {
    writeFileSync(join(folder, name), bytes);
  }
  model.dispose();
}
