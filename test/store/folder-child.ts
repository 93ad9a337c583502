/**
 * A process of its own that uses a FolderStore, for folder.process.test.ts, which compiles it.
 * Argument: a `Task` as JSON. Prints "ready", waits for a line, works, prints its answer.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

export type Task = { readonly folder: string } & (
  | { readonly do: 'create'; readonly keys: readonly string[]; readonly id: string }
  | { readonly do: 'increment'; readonly times: number }
  | {
      readonly do: 'write';
      readonly body: string;
      readonly condition: 'ifAbsent' | 'ifMatch' | 'none';
      /** Kills the process, as kill -9 does, instead of its n-th call of the file system. */
      readonly killAtCall: number;
    }
);

// Written by folder.process.test.ts, in the form of this type.
const task = JSON.parse(process.argv[2] ?? '') as Task;
if (task.do === 'write') await killAt(task.killAtCall);
// Imported only now, because functions of node:fs/promises may be replaced before.
const { FolderStore } = await import('../../src/store/folder.ts');
const store = new FolderStore(task.folder);

console.log('ready');
fs.readSync(0, new Uint8Array(1));
console.log(JSON.stringify(await work()));

async function work(): Promise<unknown> {
  if (task.do === 'create') return create(task.keys, task.id);
  if (task.do === 'increment') return increment(task.times);
  const etag = (await store.head('a'))?.etag ?? '';
  const conditions = {
    ifAbsent: { ifAbsent: true as const },
    ifMatch: { ifMatch: etag },
    none: undefined,
  };
  return (await store.write('a', Buffer.from(task.body), conditions[task.condition])) ?? null;
}

/** Returns the keys that this process wrote first. */
async function create(keys: readonly string[], id: string): Promise<string[]> {
  const won: string[] = [];
  for (const key of keys) {
    if (await store.write(key, Buffer.from(id), { ifAbsent: true })) won.push(key);
  }
  return won;
}

async function increment(times: number): Promise<number> {
  for (let done = 0; done < times; ) {
    const info = await store.head('counter');
    const n = Number(fs.readFileSync(`${task.folder}/counter`, 'utf8'));
    const next = Buffer.from(String(n + 1).padStart(6, '0'));
    if (info && (await store.write('counter', next, { ifMatch: info.etag }))) done++;
  }
  return times;
}

/** Counts the calls of node:fs/promises and of open files, and dies instead of one of them. */
async function killAt(call: number): Promise<void> {
  let calls = 0;
  const handle = await fs.promises.open('/dev/null');
  const fileHandle = Object.getPrototypeOf(handle);
  await handle.close();
  const dieOrCall = <T extends unknown[]>(name: string, original: (...args: T) => unknown) =>
    function (this: fs.promises.FileHandle, ...args: T): unknown {
      if (++calls !== call) return original.apply(this, args);
      // A truncated write: half of the bytes are in the file.
      if (name === 'writeFile') fs.writeSync(this.fd, String(args[0]).slice(0, 3));
      process.kill(process.pid, 'SIGKILL');
      for (;;);
    };
  for (const owner of [fs.promises, fileHandle]) {
    for (const name of ['link', 'mkdir', 'open', 'rename', 'rm', 'stat', 'symlink', 'utimes']
      .concat(['close', 'sync', 'writeFile', 'readdir'])
      .filter((name) => owner[name])) {
      owner[name] = dieOrCall(name, owner[name]);
    }
  }
  syncBuiltinESMExports();
}
