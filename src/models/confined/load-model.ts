import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadedModel } from '../teachers/loaded-model.ts';
import { type ConfinedModel, loadConfined } from './confined-model.ts';
import type { LoadModel, ModelSource } from './model-source.ts';

/**
 * Time for which a process is kept after its model was disposed of, in ms. The next task follows at
 * once, or it needs the memory.
 */
const keptMs = 5_000;

interface KeptModel {
  readonly key: string;
  readonly model: ConfinedModel;
  readonly timer: NodeJS.Timeout;
}

/** The model that was disposed of last. Label and Encode use the model that Plan has tried. */
let kept: KeptModel | undefined;

/**
 * Loads a model of a user, in a process of its own. Code that is not compiled runs it in this
 * process, because a process starts from a JavaScript file.
 *
 * @param kind Name of the kind of teachers that loads its format, and its function.
 * @param source Its files do not change: the name of its folder has their digest.
 * @throws UserError if the model is refused, or exceeds a limit. Error if it cannot be loaded.
 */
export async function loadModelFile(
  { name, load }: { readonly name: string; readonly load: LoadModel },
  source: ModelSource,
): Promise<LoadedModel> {
  // Bundled code has another extension than compiled code.
  const extension = extname(import.meta.url);
  if (extension === '.ts') return load(source);
  const script = fileURLToPath(new URL(`./model-process${extension}`, import.meta.url));
  const key = JSON.stringify([name, source]);
  const model = takeKept(key) ?? (await loadConfined(name, source, script));
  let isDisposed = false;
  return {
    ...model,
    dispose() {
      if (!isDisposed) keep(key, model);
      isDisposed = true;
    },
  };
}

/** Returns the kept model if it has this key; otherwise ends its process. */
function takeKept(key?: string): ConfinedModel | undefined {
  const found = kept;
  kept = undefined;
  clearTimeout(found?.timer);
  if (found?.key === key) return found?.model;
  found?.model.dispose();
  return undefined;
}

function keep(key: string, model: ConfinedModel): void {
  if (!model.isIdle()) {
    model.dispose();
    return;
  }
  takeKept();
  kept = { key, model, timer: setTimeout(takeKept, keptMs).unref() };
}
