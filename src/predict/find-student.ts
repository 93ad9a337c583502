/** Finds the student that the user names: a folder, a run, a dataset, or a pointer CURRENT. */
import { stat } from 'node:fs/promises';
import { posix, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { descriptionFile } from '../models/exporters.ts';
import { hasModel } from '../models/model-files.ts';
import { nearest } from '../nearest.ts';
import { readCurrent } from '../run/current-file.ts';
import { keys } from '../run/keys.ts';
import { readPlanPart } from '../run/plan-part.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';

/** Name of the pointer to the student in use. */
const pointer = 'CURRENT';

/**
 * Returns the location of a student's folder.
 *
 * @param name A student's folder, that of a run, a folder of results, a pointer CURRENT; or the
 *   name of a run or a dataset in the results.
 * @param results Location of the results.
 * @throws UserError if there is no such student, or there are several.
 */
export async function findStudent(name: string, results: string): Promise<string> {
  const found = await studentAt(name);
  if (found !== undefined) return found;
  if (isName(name)) {
    const store = await openStore(results);
    const named =
      (await mainStudent(store, name)) ?? (await currentStudent(store, keys.current(name)));
    if (named !== undefined) return named;
  }
  throw await unknownStudent(name, results);
}

/** Returns whether a text can be the name of a run or a dataset. */
function isName(text: string): boolean {
  return /^[a-z0-9-]+$/.test(text);
}

/** Returns the student at a location; undefined if nothing is there. */
async function studentAt(location: string): Promise<string | undefined> {
  const path = isRemote(location) ? location.replace(/\/+$/, '') : resolve(location);
  const last = path.slice(path.lastIndexOf('/') + 1);
  if (last === descriptionFile) return folderOf(path);
  if (last === pointer) {
    const store = await openStore(folderOf(folderOf(folderOf(path))));
    const dataset = folderOf(path).slice(folderOf(path).lastIndexOf('/') + 1);
    return currentStudent(store, keys.current(dataset));
  }
  if (!(await mayExist(path))) return undefined;
  const store = await openStore(path, 'time');
  if (await hasModel(store, '')) return path;
  // The folder that `fetch` makes.
  if (await hasModel(store, 'student/')) return `${path}/student`;
  if (await store.head(pointer)) return studentAt(`${path}/${pointer}`);
  if (await store.head(posix.basename(keys.record(last)))) {
    return mainStudent(await openStore(folderOf(folderOf(path))), last);
  }
  const [only, ...others] = await pointersIn(store);
  if (only === undefined) return undefined;
  if (others.length === 0) return studentAt(`${path}/${only}`);
  const shown = [only, ...others].slice(0, 10).map((key) => `${path}/${key}`);
  throw new UserError(
    `${location} has the students of ${others.length + 1} datasets`,
    `Name one: ${shown.join(' ')}`,
  );
}

/** Returns the name of a run or a dataset in a key below `runs/` or `students/`. */
function nameIn(key: string): string {
  return key.split('/')[1]!;
}

/** Lists the pointers in a folder of results. */
async function pointersIn(store: ObjectStore): Promise<string[]> {
  const found: string[] = [];
  for await (const folder of store.folders('students/')) {
    const key = keys.current(nameIn(folder));
    if (await store.head(key)) found.push(key);
  }
  return found;
}

/** Returns whether a location may be a folder; one of S3 always may. */
async function mayExist(path: string): Promise<boolean> {
  if (isRemote(path)) return true;
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Returns whether a location is a URL rather than a path. */
function isRemote(location: string): boolean {
  return location.startsWith('s3://') || location.startsWith('file:');
}

function folderOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end === 0 ? '/' : path.slice(0, end);
}

/** Returns the published student of a dataset; undefined if there is none. */
async function currentStudent(results: ObjectStore, key: string): Promise<string | undefined> {
  if (!(await results.head(key))) return undefined;
  const { student } = await readCurrent(results, key);
  return within(results, student);
}

/**
 * Returns the student of the config's method of a run; undefined if there is no such run.
 * @throws UserError if it has no student yet.
 */
async function mainStudent(results: ObjectStore, run: string): Promise<string | undefined> {
  if (!(await results.head(keys.record(run)))) return undefined;
  const plan = await readPlanPart(results, run);
  const student = plan && keys.student(run, plan.variants[0].name);
  if (student !== undefined && (await hasModel(results, student))) {
    return within(results, student);
  }
  throw new UserError(
    `the run ${run} has no student yet`,
    'Resume it with the command that started it, such as: counterweight run DATASET',
  );
}

function within({ location }: ObjectStore, key: string): string {
  return `${location}/${key.replace(/\/$/, '')}`;
}

async function unknownStudent(name: string, results: string): Promise<UserError> {
  const hint =
    'STUDENT is a folder with student.json, the name of a run or a dataset in --results, or s3://….';
  if (!isName(name) || (await mayExist(name))) {
    const what = (await mayExist(name)) ? 'has no student.json' : 'does not exist';
    return new UserError(`${name} ${what}`, hint);
  }
  const names = new Set<string>();
  if (await mayExist(results)) {
    const store = await openStore(results, 'time');
    for await (const folder of store.folders('runs/')) names.add(nameIn(folder));
    for (const key of await pointersIn(store)) names.add(nameIn(key));
  }
  const meant = nearest(name, names);
  const listed = [...names].slice(0, 10).join(', ');
  return new UserError(
    `there is no run, dataset or folder ${JSON.stringify(name)} (results: ${results})`,
    [
      ...(meant === undefined ? [] : [`Did you mean ${meant}?`]),
      ...(names.size > 0
        ? [`Runs and datasets there: ${listed}${names.size > 10 ? ', …' : ''}.`]
        : []),
      hint,
    ].join('\n'),
  );
}
