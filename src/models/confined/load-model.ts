import { fileURLToPath } from 'node:url';
import { compiledFile } from '../../compiled-file.ts';
import type { LoadedModel } from '../teachers/loaded-model.ts';
import { type ConfinedModel, loadConfined, ModelProcess } from './confined-model.ts';
import type { LoadModel, ModelSource } from './model-source.ts';

/** Undefined if the code is not compiled; models are then loaded in this process. */
const file = compiledFile('model-process', import.meta.url);
const script = file && fileURLToPath(file);

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

/** A process without a model, for the model that is loaded next. */
let ready: ModelProcess | undefined;

/**
 * Does work that loads a model later. The process of the model starts at once, because its start
 * takes about half a second. If no model is loaded, the process ends after the work.
 *
 * @param kindName Name of the kind of teachers that loads the model; undefined if it is not known.
 */
export async function withModelProcess<Result>(
  kindName: string | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const process = script && !kept && !ready ? new ModelProcess(script) : undefined;
  if (kindName) process?.prepare(kindName);
  ready ??= process;
  try {
    return await work();
  } finally {
    if (process && ready === process) takeReady()?.kill();
  }
}

function takeReady(): ModelProcess | undefined {
  const found = ready;
  ready = undefined;
  return found;
}

/**
 * Loads a model of a user, in a process of its own; code that is not compiled, in this process.
 *
 * @param kind Name of the kind of teachers that loads its format, and its function.
 * @param source Its files do not change: the name of its folder has their digest.
 * @throws UserError if the model is refused, or exceeds a limit. Error if it cannot be loaded.
 */
export async function loadModelFile(
  { name, load }: { readonly name: string; readonly load: LoadModel },
  source: ModelSource,
): Promise<LoadedModel> {
  if (!script) return load(source);
  const key = JSON.stringify([name, source]);
  const model = takeKept(key) ?? (await loadConfined(name, source, script, undefined, takeReady()));
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
