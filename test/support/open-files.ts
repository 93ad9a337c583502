import { readdir, readlink } from 'node:fs/promises';

/** Lists the open files of the process under a folder, also those without a name. Linux only. */
export async function openFilesUnder(folder: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd');
  const targets = await Promise.all(
    descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith(folder));
}
