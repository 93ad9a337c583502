import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadedModel } from '../teachers/loaded-model.ts';
import { loadConfined } from './confined-model.ts';
import type { LoadModel, ModelSource } from './model-source.ts';

/**
 * Loads a model of a user, in a process of its own. Code that is not compiled runs it in this
 * process, because a process starts from a JavaScript file.
 *
 * @param kind Name of the kind of teachers that loads its format, and its function.
 * @throws UserError if the model is refused, or exceeds a limit. Error if it cannot be loaded.
 */
export function loadModelFile(
  { name, load }: { readonly name: string; readonly load: LoadModel },
  source: ModelSource,
): Promise<LoadedModel> {
  // Bundled code has another extension than compiled code.
  const extension = extname(import.meta.url);
  if (extension === '.ts') return load(source);
  const script = fileURLToPath(new URL(`./model-process${extension}`, import.meta.url));
  return loadConfined(name, source, script);
}
