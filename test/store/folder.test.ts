import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { TransientError, UserError } from '../../src/errors.ts';
import { claim } from '../../src/store/claim.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { smallFileBytes, type VersionKind } from '../../src/store/folder-version.ts';
import { readBytes, writeOnce } from '../../src/store/once.ts';
import type { ObjectInfo, WriteCondition } from '../../src/store/store.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { refusalOf } from '../support/refusal.ts';
import { listAll, storeContract } from './contract.ts';

let home: string;
let folders = 0;
let store: FolderStore;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'counterweight-'));
});

beforeEach(() => {
  store = newStore();
});

afterAll(() => rm(home, { recursive: true, force: true }));

function newStore(versions?: VersionKind): FolderStore {
  return new FolderStore(join(home, String(folders++)), versions);
}

storeContract('a folder', async () => newStore());
storeContract('a folder of results', async () => newStore('time'));

describe('FolderStore', () => {
  test('any sequence of operations does what a map does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
        const store = newStore();
        const model: Model = new Map();
        for (const run of operations) await run(store, model);
        const listed = await listAll(store, '');
        expect(listed).toEqual(sorted([...model.values()].map(({ info }) => info)));
        // Nothing is left over but empty folders.
        expect(await readdir(join(store.location, '.tmp')).catch(() => [])).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ['a folder', 'labeled/caf\u00e9/1.png'],
    ['a file', 'labeled/caf\u00e9.png'],
  ])('%s whose name is not valid UTF-8 is refused, so that none vanishes', async (_, key) => {
    const path = Buffer.from(join(store.location, key), 'latin1');
    const folder = Buffer.from(
      join(store.location, key.split('/').slice(0, -1).join('/')),
      'latin1',
    );
    await mkdir(folder, { recursive: true });
    await writeFile(path, '');
    await expect(listAll(store, '')).rejects.toThrow(/not valid UTF-8: .*labeled\/caf/);
  });

  test('hidden files are not objects', async () => {
    await writeOnce(store, 'a', Buffer.from(''));
    await writeFile(join(store.location, '.DS_Store'), '');
    await mkdir(join(store.location, '.git'));
    await writeFile(join(store.location, '.git/config'), '');
    expect((await listAll(store, '')).map(({ key }) => key)).toEqual(['a']);
    await expect(store.read('.DS_Store')).rejects.toThrow(UserError);
    await expect(store.write('b/.git/config', Buffer.from(''))).rejects.toThrow(/starts with "\."/);
  });

  test('links within the folder are followed, except in a circle or to nothing', async () => {
    await writeOnce(store, 'data/file', Buffer.from('content'));
    await mkdir(join(store.location, 'sub'), { recursive: true });
    await symlink('data/file', join(store.location, 'link'));
    await symlink(join(store.location, 'data'), join(store.location, 'sub/folder'));
    await symlink(store.location, join(store.location, 'sub/circle'));
    await symlink('nowhere', join(store.location, 'broken'));
    await symlink('self', join(store.location, 'self'));
    const keys = (await listAll(store, '')).map(({ key }) => key);
    expect(keys).toEqual(['data/file', 'link', 'sub/folder/file']);
    expect(Buffer.from(await readBytes(store, 'sub/folder/file')).toString()).toBe('content');
    await expect(store.write('broken', Buffer.from(''))).rejects.toThrow(UserError);
  });

  test('a folder that is itself a link is read', async () => {
    await writeOnce(store, 'file', Buffer.from('content'));
    const link = `${store.location}-link`;
    await symlink(store.location, link);
    const linked = new FolderStore(link);
    expect((await listAll(linked, '')).map(({ key }) => key)).toEqual(['file']);
    expect(await linked.head('file')).toBeDefined();
  });

  describe('a link that leads out of the folder', () => {
    let outside: FolderStore;
    beforeEach(async () => {
      outside = newStore();
      await writeOnce(outside, 'secrets/key', Buffer.from('canary'));
      await writeOnce(store, 'data/file', Buffer.from('content'));
      await symlink(join(outside.location, 'secrets'), join(store.location, 'labeled'));
      await symlink(join(outside.location, 'secrets/key'), join(store.location, 'data/link'));
    });

    test.each([
      ['list', () => listAll(store, '')],
      ['list a folder', () => listAll(store, 'labeled/')],
      ['head', () => store.head('labeled/key')],
      ['head a file', () => store.head('data/link')],
      ['read', () => store.read('labeled/key')],
      ['read a file', () => store.read('data/link')],
      ['write', () => store.write('labeled/new', Buffer.from(''))],
      ['replace', () => store.write('data/link', Buffer.from(''))],
    ])('is refused: %s', async (_, use) => {
      const error = await refusalOf(use());
      expect(String(error)).toMatch(/leads out of its folder through a link, to .*secrets/);
      expect(await listAll(outside, '')).toHaveLength(1);
      expect(Buffer.from(await readBytes(outside, 'secrets/key')).toString()).toBe('canary');
    });

    test('does not matter to other keys', async () => {
      expect(await store.head('data/file')).toBeDefined();
      expect(await store.head('data/none')).toBeUndefined();
      expect(await store.head('none/none')).toBeUndefined();
      await store.write('new/file', Buffer.from('x'));
      expect(await store.head('new/file')).toBeDefined();
    });

    test('is followed if the user trusts it', async () => {
      vi.stubEnv('COUNTERWEIGHT_FOLLOW_LINKS', '1');
      const trusting = new FolderStore(store.location);
      vi.unstubAllEnvs();
      for (const folder of [trusting, new FolderStore(store.location, 'time', 'follow')]) {
        const keys = (await listAll(folder, '')).map(({ key }) => key);
        expect(keys).toEqual(['data/file', 'data/link', 'labeled/key']);
      }
    });
  });

  test('a name that is too long for a file is refused', async () => {
    const key = `a/${'ä'.repeat(128)}`;
    await expect(store.write(key, Buffer.from(''))).rejects.toThrow(/256 bytes.*at most 255/);
  });

  test('a name is a file or a folder, not both', async () => {
    await writeOnce(store, 'a', Buffer.from(''));
    await expect(writeOnce(store, 'a/b', Buffer.from(''))).rejects.toThrow(
      /is a folder, or a folder above/,
    );
    expect(await store.head('a/b')).toBeUndefined();
    await writeOnce(store, 'b/c', Buffer.from(''));
    for (const condition of [undefined, { ifAbsent: true as const }]) {
      await expect(store.write('b', Buffer.from(''), condition)).rejects.toThrow(/is a folder/);
    }
    expect(await store.head('b')).toBeUndefined();
    await expect(store.read('b')).rejects.toThrow(/there is no/);
  });

  test('writing into a file during a pinned read is noticed', async () => {
    const info = await writeOnce(store, 'a', new Uint8Array(2_000_000));
    const stream = await store.read('a', { version: info.version });
    await appendFile(join(store.location, 'a'), 'more');
    await expect(stream.toArray()).rejects.toThrow(/has changed since the run was planned/);
    await expect(store.read('a', { version: info.version })).rejects.toThrow(UserError);
  });

  test('an ETag never comes back, even when the old file is from the future', async () => {
    await writeOnce(store, 'a', Buffer.from('0'));
    await utimes(join(store.location, 'a'), 4e9, 4e9);
    let latest = await store.head('a');
    for (let i = 0; i < 20; i++) {
      const next = await store.write('a', Buffer.from('1'));
      expect(timeNs(next)).toBeGreaterThan(timeNs(latest));
      latest = next;
    }
    expect(latest).toEqual(await store.head('a'));
  });

  test('a large file that another tool changes has another version, whatever its time', async () => {
    const path = join(store.location, 'a');
    const pinned = await writeOnce(store, 'a', new Uint8Array(smallFileBytes));
    expect(await store.head('a')).toEqual(pinned);
    const changes = [
      // In place, with the time set back: only the ctime differs.
      () => writeFile(path, new Uint8Array(smallFileBytes).fill(1)),
      // Another file under the same name: the inode differs as well.
      async () => {
        await writeFile(`${path}.new`, new Uint8Array(smallFileBytes).fill(2));
        await rename(`${path}.new`, path);
      },
    ];
    await utimes(path, 1, 1);
    for (const change of changes) {
      const before = await store.head('a');
      await change();
      await utimes(path, 1, 1);
      const after = await store.head('a');
      expect(after).toMatchObject({ bytes: before?.bytes, etag: before?.etag });
      expect(after?.version).not.toBe(before?.version);
      expect(await listedVersion(store)).toBe(after?.version);
      await expect(store.read('a', { version: before?.version })).rejects.toThrow(/has changed/);
      expect(await readBytes(store, 'a', { version: after?.version })).toHaveLength(smallFileBytes);
    }
  });

  test.runIf(process.platform === 'linux')(
    'a stream not read to its end closes its file',
    async () => {
      await writeOnce(store, 'a', new Uint8Array(1_000_000));
      for (let i = 0; i < 20; i++) {
        const stream = await store.read('a');
        if (i % 2) for await (const _ of stream) break;
        await new Promise((resolve) => stream.destroy().once('close', resolve));
      }
      expect(await openFilesUnder(store.location)).toEqual([]);
    },
  );

  test('what a killed process left half written is removed after a day', async () => {
    const work = join(store.location, '.tmp');
    await mkdir(work, { recursive: true });
    await writeFile(join(work, 'fresh.new'), '');
    await writeFile(join(work, 'old.new'), '');
    await utimes(join(work, 'old.new'), 1e9, 1e9);
    await writeOnce(store, 'a', Buffer.from(''));
    expect(await readdir(work)).toEqual(['fresh.new']);
  });
});

describe('the version of a small file', () => {
  test('differs exactly if the content differs, whatever tools do to the file', async () => {
    const content = fc.uint8Array({ maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(content, fc.constantFrom(...tools)), { minLength: 2, maxLength: 8 }),
        async (steps) => {
          const store = newStore();
          await mkdir(store.location);
          const path = join(store.location, 'a');
          const versions = new Map<string, string | undefined>();
          for (const [body, put] of steps) {
            await put(path, body);
            const info = await store.head('a');
            expect(await listedVersion(store)).toBe(info?.version);
            const digest = Buffer.from(body).toString('hex');
            expect(info?.version).toBe(versions.get(digest) ?? info?.version);
            versions.set(digest, info?.version);
            for (const [expected, version] of versions) {
              const read = readBytes(store, 'a', { version }).then((bytes) => Buffer.from(bytes));
              if (expected === digest) expect((await read).toString('hex')).toBe(digest);
              else await expect(read).rejects.toThrow(/has changed since the run was planned/);
            }
          }
          expect(new Set(versions.values()).size).toBe(versions.size);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('is found up to a limit, from which the stats count', async () => {
    await mkdir(store.location);
    for (const [bytes, expected] of [
      [smallFileBytes - 1, /^sha256-[0-9a-f]{32}$/],
      [smallFileBytes, /^\d+-1048576-\d+-\d+$/],
    ] as const) {
      await writeFile(join(store.location, 'a'), new Uint8Array(bytes));
      expect((await store.head('a'))?.version).toMatch(expected);
    }
  });

  test('is its time in a folder that only this program writes', async () => {
    const results = newStore('time');
    const first = await writeOnce(results, 'a', Buffer.from('same'));
    expect(first.version).toBe(first.etag);
    expect((await results.write('a', Buffer.from('same')))?.version).not.toBe(first.version);
  });
});

/** Ways in which tools put content under a name: all but the first leave the time as it is. */
const tools = [
  (path: string, body: Uint8Array) => writeFile(path, body),
  async (path: string, body: Uint8Array) => {
    await writeFile(path, body);
    await utimes(path, 1, 1);
  },
  async (path: string, body: Uint8Array) => {
    await writeFile(`${path}.new`, body);
    await utimes(`${path}.new`, 1, 1);
    await rename(`${path}.new`, path);
  },
  async (path: string, body: Uint8Array) => {
    await rm(path, { force: true });
    await writeFile(path, body, { mode: 0o600 });
    await chmod(path, 0o644);
    await utimes(path, 1, 1);
  },
];

describe('a claim', () => {
  const wanted = async () => true;
  let name: string;
  beforeEach(async () => {
    await mkdir(store.location);
    name = join(store.location, 'version');
  });

  test('is waited for while its owner lives, then given up with an error', async () => {
    const first = await claim(name, wanted);
    await expect(claim(name, wanted, 20)).rejects.toThrow(TransientError);
    expect(await claim(name, async () => false)).toBeUndefined();
    const second = claim(name, wanted);
    await first?.withdraw();
    await (await second)?.finish();
    expect(await readdir(store.location)).toEqual([]);
  });

  test('of an owner on another machine names the file to remove', async () => {
    await symlink('another-machine 1 1', `${name}.0`);
    const error = await refusalOf(claim(name, wanted, 20));
    expect(error.hint).toContain(`rm -f '${name}.0'`);
  });

  test.runIf(process.platform === 'linux')(
    'of a dead owner goes to one process at a time, also when its id is used again',
    async () => {
      await claim(name, wanted);
      const [machine, pid, start] = (await readlink(`${name}.0`)).split(' ');
      await rm(`${name}.0`);
      await symlink(`${machine} ${pid} ${Number(start) - 1}`, `${name}.0`);
      let holders = 0;
      const takeTurn = async (_: unknown, i: number) => {
        await anyCalls(i);
        const held = await claim(name, wanted);
        expect(++holders).toBe(1);
        await anyCalls(20);
        holders--;
        await held?.withdraw();
      };
      await Promise.all(Array.from({ length: 16 }, takeTurn));
      await (await claim(name, wanted))?.finish();
      expect(await readdir(store.location)).toEqual([]);
    },
  );
});

/** Passes the time of some calls of the file system. */
async function anyCalls(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await stat(home);
}

type Model = Map<string, { readonly info: ObjectInfo; readonly body: Uint8Array }>;
type Operation = (store: FolderStore, model: Model) => Promise<void>;

const key = fc.constantFrom('a', 'b', 'b-c', 'd/e', 'd/f', 'd/g/h', 'é');
const body = fc.uint8Array({ maxLength: 6 });

const write: fc.Arbitrary<Operation> = fc
  .tuple(key, body, fc.constantFrom('none', 'ifAbsent', 'ifMatch', 'ifOldMatch' as const))
  .map(([key, body, kind]) => async (store, model) => {
    const present = model.get(key)?.info;
    const conditions: Record<string, WriteCondition> = {
      ifAbsent: { ifAbsent: true },
      ifMatch: { ifMatch: present?.etag ?? 'none' },
      ifOldMatch: { ifMatch: `1${present?.etag}` },
    };
    const holds = {
      none: true,
      ifAbsent: !present,
      ifMatch: present !== undefined,
      ifOldMatch: false,
    }[kind];
    const info = await store.write(key, body, conditions[kind]);
    expect(info !== undefined).toBe(holds);
    if (info) {
      expect(info).toMatchObject({ key, bytes: body.length });
      expect(info.etag).not.toBe(present?.etag);
      model.set(key, { info, body });
    }
  });

const read: fc.Arbitrary<Operation> = fc
  .tuple(key, fc.nat(7), fc.nat(7))
  .map(([key, start, length]) => async (store, model) => {
    const object = model.get(key);
    expect(await store.head(key)).toEqual(object?.info);
    const range = { start, end: start + length };
    const bytes = readBytes(store, key, { version: object?.info.version, range });
    if (object && (length === 0 || start < object.body.length)) {
      expect([...(await bytes)]).toEqual([...object.body.slice(start, start + length)]);
    } else {
      await expect(bytes).rejects.toThrow(UserError);
    }
  });

const list: fc.Arbitrary<Operation> = fc
  .constantFrom('', 'b', 'd', 'd/', 'd/g', 'd/g/h', 'x')
  .map((prefix) => async (store, model) => {
    const infos = [...model.values()].map(({ info }) => info);
    const expected = sorted(infos.filter(({ key }) => key.startsWith(prefix)));
    expect(await listAll(store, prefix)).toEqual(expected);
  });

const operation = fc.oneof({ weight: 3, arbitrary: write }, read, list);

function sorted(infos: ObjectInfo[]): ObjectInfo[] {
  return infos.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

/** Returns the version of the only object. */
async function listedVersion(store: FolderStore): Promise<string | undefined> {
  for await (const { version } of store.list('')) return version;
  return undefined;
}

/** An ETag is the time of modification and the size. */
function timeNs(info: ObjectInfo | undefined): bigint {
  return BigInt(info?.etag.split('-')[0] ?? 0);
}
