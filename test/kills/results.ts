/** The files of results that a killed run and an undisturbed one must have in common. */
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';

/** Files that depend on time, on the machine, or on when and how often a task was called. */
const changing = [
  /^(checkpoints|spend)\//,
  // The report shows times, and documents.json has its digest.
  /^runs\/[^/]+\/(usage\/|machine\.json$|report\.html$|documents\.json$)/,
  // Unfinished files of killed processes: hidden, and removed by a process a day later.
  /^\.tmp\/[^/]+\.new$/,
];

/** Files of the students and of all that follows from them. */
const ofStudents = [
  /^(students|checkpoints)\//,
  /^runs\/[^/]+\/(metrics\.json|publication\.json|report\.html|documents\.json)$/,
];

/** Compares all bytes. @returns one text per file that differs. */
export async function differences(whole: string, results: string): Promise<string[]> {
  const [expected, found] = await Promise.all([filesIn(whole), filesIn(results)]);
  const isCompared = (name: string) => !changing.some((pattern) => pattern.test(name));
  const names = new Set([...expected, ...found].filter(isCompared));
  const texts: string[] = [];
  for (const name of [...names].sort()) {
    if (!found.includes(name)) texts.push(`${name} is missing`);
    else if (!expected.includes(name)) texts.push(`${name} should not be there`);
    else {
      const [a, b] = await Promise.all([whole, results].map((folder) => read(folder, name)));
      if (!a!.equals(b!))
        texts.push(`${name} differs: ${b!.length} bytes, undisturbed ${a!.length}`);
    }
  }
  return texts;
}

/** Removes what Train and the stages after it have written. */
export async function removeStudents(results: string): Promise<void> {
  for (const name of await filesIn(results)) {
    if (ofStudents.some((pattern) => pattern.test(name))) await rm(path.join(results, name));
  }
}

function read(folder: string, name: string): Promise<Buffer> {
  return readFile(path.join(folder, name));
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}
