/** Reads the preprocessing that other libraries store beside a model. */
import {
  type PreprocessFields,
  preprocessFieldsSchema,
  wrongUnits,
} from '../data/features/preprocess-config.ts';
import type { ObjectStore } from '../store/store.ts';
import { readJsonText } from './json-file.ts';
import { notUnderstood, parseSettings } from './preprocess/settings.ts';
import { readTimm } from './preprocess/timm.ts';
import { readProcessor, readTransformers } from './preprocess/transformers.ts';

/** Preprocessing that a file gives. */
export interface StoredPreprocess {
  /** Key of the file. */
  readonly key: string;
  readonly preprocess: PreprocessFields;
}

/**
 * Reads `preprocessor_config.json` or `processor_config.json` (transformers), or `config.json`
 * (timm), if one lies beside the model or in its folder.
 *
 * @param key The model's file or folder.
 * @returns undefined if there is none. A `config.json` without preprocessing counts as none.
 * @throws UserError if the file cannot be understood: its key, and the field.
 */
export async function readStoredPreprocess(
  store: ObjectStore,
  key: string,
): Promise<StoredPreprocess | undefined> {
  const parent = key.includes('/') ? key.slice(0, key.lastIndexOf('/') + 1) : '';
  return (await readPreprocessIn(store, `${key}/`)) ?? readPreprocessIn(store, parent);
}

/**
 * Reads the preprocessing in one folder. The result and the errors are those of
 * `readStoredPreprocess`.
 *
 * @param folder With the last `/`; '' is the whole store.
 */
export async function readPreprocessIn(
  store: ObjectStore,
  folder: string,
): Promise<StoredPreprocess | undefined> {
  for (const { name, read } of storedFiles) {
    const file = `${folder}${name}`;
    if (!(await store.head(file))) continue;
    const preprocess = read(parseJson(await readJsonText(store, file), file), file);
    if (preprocess === undefined) continue;
    // A stranger's file has no other limits than the config.
    const fields = parseSettings(preprocessFieldsSchema, preprocess, file);
    const wrong = wrongUnits(fields);
    if (wrong) throw notUnderstood(file, wrong.problem);
    return { key: file, preprocess: fields };
  }
  return undefined;
}

const storedFiles = [
  { name: 'preprocessor_config.json', read: readTransformers },
  { name: 'processor_config.json', read: readProcessor },
  { name: 'config.json', read: readTimm },
] as const;

function parseJson(source: string, key: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    throw notUnderstood(key, (error as Error).message);
  }
}
