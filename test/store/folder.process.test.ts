import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { FolderStore } from '../../src/store/folder.ts';
import { readBytes } from '../../src/store/once.ts';
import { listAll } from './contract.ts';
import type { Task } from './folder-child.ts';

/** FolderStore in real processes: many at once, and killed at any moment. */

let home: string;
let child: string;
let folder: string;
let folders = 0;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'counterweight-'));
  child = join(home, 'child.mjs');
  await compileChild();
});

beforeEach(() => {
  folder = join(home, `store-${folders++}`);
});

afterAll(() => rm(home, { recursive: true, force: true }));

test('of many processes with ifAbsent, one wins each key', async () => {
  const keys = Array.from({ length: 40 }, (_, i) => `results/${i}`);
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const answers = await runAll(ids.map((id) => ({ do: 'create', folder, keys, id })));
  const winners = new Map<string, string[]>(keys.map((key) => [key, []]));
  answers.forEach((won, i) => {
    for (const key of won as string[]) winners.get(key)?.push(ids[i] ?? '');
  });
  const store = new FolderStore(folder);
  for (const key of keys) expect([await text(store, key)], key).toEqual(winners.get(key));
});

test('increments with ifMatch by many processes lose no update', async () => {
  const store = new FolderStore(folder);
  await store.write('counter', Buffer.from('000000'));
  await runAll(Array.from({ length: 4 }, () => ({ do: 'increment', folder, times: 30 })));
  expect(await text(store, 'counter')).toBe('000120');
});

test.each([
  { condition: 'ifAbsent', before: undefined },
  { condition: 'ifMatch', before: 'before' },
  { condition: 'none', before: undefined },
  { condition: 'none', before: 'before' },
] as const)(
  'killed at any call of a write ($condition over $before), all is old or new',
  async (it) => {
    for (let killAtCall = 1; ; killAtCall++) {
      const store = new FolderStore(join(folder, String(killAtCall)));
      if (it.before) await store.write('a', Buffer.from(it.before));
      const task = {
        ...it,
        do: 'write',
        folder: store.location,
        body: 'after!',
        killAtCall,
      } as const;
      const [answer] = await runAll([task]);

      const present = await store.head('a');
      const content = present && (await text(store, 'a'));
      expect([it.before, 'after!']).toContain(content);
      expect((await listAll(store, '')).map(({ key }) => key)).toEqual(present ? ['a'] : []);
      // The next process continues at once: it does not wait for the dead process's claim.
      const condition = present ? { ifMatch: present.etag } : { ifAbsent: true as const };
      const startMs = performance.now();
      expect(await store.write('a', Buffer.from('next'), condition)).toBeDefined();
      expect(performance.now() - startMs).toBeLessThan(10_000);
      expect(await text(store, 'a')).toBe('next');

      if (answer !== killed) {
        expect(content).toBe('after!');
        // Fewer would mean that the calls are not counted.
        expect(killAtCall).toBeGreaterThan(8);
        return;
      }
    }
  },
);

const killed = Symbol('killed');

/** Starts a process for each task, lets all go at once, and gives their answers. */
async function runAll(tasks: readonly Task[]): Promise<unknown[]> {
  const children = tasks.map((task) =>
    spawn(process.execPath, [child, JSON.stringify(task)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const lines = children.map((child) => createInterface(child.stdout)[Symbol.asyncIterator]());
  for (const line of lines) expect((await line.next()).value).toBe('ready');
  const ends = children.map((child) => once(child, 'close'));
  for (const child of children) child.stdin.end('\n');
  const answers = await Promise.all(lines.map((line) => line.next()));
  await Promise.all(ends);
  return answers.map(({ value }, i) => answerOf(children[i], value));
}

function answerOf(child: ChildProcess | undefined, line: string | undefined): unknown {
  if (child?.signalCode === 'SIGKILL') return killed;
  expect(child?.exitCode).toBe(0);
  return line === undefined ? undefined : JSON.parse(line);
}

/** Makes the child one JavaScript file, since Node before 22.18 does not run TypeScript. */
async function compileChild(): Promise<void> {
  const entry = join(import.meta.dirname, 'folder-child.ts');
  await build({
    entryPoints: [entry],
    outfile: child,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
}

async function text(store: FolderStore, key: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(store, key));
}
