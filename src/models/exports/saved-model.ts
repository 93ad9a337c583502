import { join } from 'node:path';
import { checkSavedModel } from '../allowed/check-saved-model.ts';
import type { LoadedModel } from '../teachers/loaded-model.ts';
import type { Exporter } from './exporter.ts';
import { requirePythonNames } from './python-names.ts';
import { studentProgram } from './student-program.ts';

/** Folder of the SavedModel; TensorFlow knows the name of its file. */
const folderName = 'saved_model';
const savedModelFile = `${folderName}/saved_model.pb`;

/** A TensorFlow SavedModel, with the preprocessing inside: raw examples in, probabilities out. */
export const savedModelExporter = {
  name: 'saved-model',
  files: [savedModelFile],
  async write(model, description) {
    const program = studentProgram(model, description);
    requirePythonNames(program.inputs.map(({ value }) => value.name));
    const { tensorFlowBytes } = await import('./tensorflow-graph.ts');
    return new Map([[savedModelFile, tensorFlowBytes(program)]]);
  },
  open: (folder) => openFolder(join(folder, folderName)),
} as const satisfies Exporter;

/** Opens the graph itself: tfjs-node refuses a signature with float64. */
async function openFolder(folder: string): Promise<LoadedModel> {
  const { openGraph } = await import('../graph-session.ts');
  const { serveTag } = await import('../saved-graph.ts');
  const { graphFeeds } = await import('./tensorflow-graph.ts');
  await checkSavedModel(folder, savedModelFile);
  const session = openGraph(folder, serveTag);
  return {
    inputs: [],
    outputs: [],
    async run(feeds, outputs) {
      const found = session.run(graphFeeds(feeds), outputs);
      const n = feeds[0]!.shape[0]!;
      return found.map((values) => ({ shape: [n, values.length / n], values }));
    },
    dispose: () => session.close(),
  };
}
