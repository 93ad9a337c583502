import { readBytes, writeOnce } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';

/** A saved model's files by name, as `models/student.ts` makes them. `student.json` comes last. */
const names = ['model.json', 'weights.bin', 'student.json'] as const;

export async function readModelFiles(
  store: ObjectStore,
  folder: string,
): Promise<Map<string, Uint8Array>> {
  const bodies = await Promise.all(names.map((name) => readBytes(store, `${folder}${name}`)));
  return new Map(names.map((name, index) => [name, bodies[index]!]));
}

/** The last file says that the model is complete. */
export async function isModelSaved(store: ObjectStore, folder: string): Promise<boolean> {
  return (await store.head(`${folder}${names[2]}`)) !== undefined;
}

export async function writeModelFiles(
  store: ObjectStore,
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  for (const name of names) await writeOnce(store, `${folder}${name}`, files.get(name)!);
}

/** The folder of one fold's model in the folder of all of them; both keys end in `/`. */
export function foldFolder(folder: string, fold: number): string {
  return `${folder}fold-${fold}/`;
}
