import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encoderSchema } from '../../../src/models/encoders/config.ts';
import { parseHubPath } from '../../../src/models/encoders/hub.ts';
import { resolveEncoder } from '../../../src/models/encoders/resolve.ts';
import { bytesField } from '../../../src/models/protobuf-write.ts';
import { externalTensor } from '../../support/hostile-models.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { describeFixture, filesOf } from './fixtures.ts';
import { commit, type FaultyAnswer, type HubFaults, startHub } from './hub-server.ts';

const names = ['onnx/model.onnx', 'tokenizer.json', 'tokenizer_config.json', 'config.json'];
let cache: string;
let close: (() => Promise<void>) | undefined;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'hub-test-'));
});
afterEach(async () => {
  await close?.();
  close = undefined;
  await rm(cache, { recursive: true });
});

async function start(faults: HubFaults = {}, more: Record<string, Uint8Array | string> = {}) {
  const files = { ...(await filesOf('text', names)), 'pytorch_model.bin': 'x', ...more };
  const hub = await startHub(files, faults);
  close = hub.close;
  return hub;
}

/** Resolves an encoder with the hub at `url`. */
function resolve(path: string, url: string, { token = '', file = '' } = {}) {
  const env = { HF_ENDPOINT: url, HF_TOKEN: token };
  const config = encoderSchema.parse({ path, ...(file && { file }) });
  return resolveEncoder(new MemoryStore(), config, 'text', { cache, env });
}

describe('a model of the hub', () => {
  test('is what a folder with its files is, pinned to the commit', async () => {
    const hub = await start();
    const { description } = await resolve('hf:owner/name@main', hub.url);
    expect(description.source).toBe(`hf:owner/name@${commit}`);
    const local = await describeFixture('text', 'text');
    expect(description.digest).toBe(local.description.digest);
    expect(description.files).toEqual(local.description.files);
    // Only the files that it needs, each once.
    expect(hub.requests.filter((path) => path.includes('resolve')).sort()).toEqual(
      names.map((name) => `/owner/name/resolve/${commit}/${name}`).sort(),
    );
  });

  test('has its weights in files of any name, which the model states', async () => {
    const { 'onnx/model.onnx': model } = await filesOf('text', names);
    // Protobuf merges a field that occurs twice: the graph has one more weight.
    const weight = bytesField(7, bytesField(5, externalTensor('w', 'Constant_7')));
    const hub = await start(
      {},
      {
        'onnx/model.onnx': Buffer.concat([Buffer.from(model!), weight]),
        'onnx/Constant_7': '1',
        'onnx/Constant_8': '2',
      },
    );
    const { description } = await resolve('hf:owner/name', hub.url);
    expect(description.files.map(({ path }) => path)).toContain('onnx/Constant_7');
    expect(hub.requests.join()).not.toContain('Constant_8');
  });

  test('has its prompts, which are refused as those of a folder are', async () => {
    const prompts = JSON.stringify({ prompts: { q: 'query: ' }, default_prompt_name: 'q' });
    const hub = await start({}, { 'config_sentence_transformers.json': prompts });
    await expect(resolve('hf:owner/name', hub.url)).rejects.toThrow('before every text');
  });

  test('is downloaded once; a commit then needs no network', async () => {
    const hub = await start();
    await resolve('hf:owner/name', hub.url);
    const before = hub.requests.length;
    await resolve('hf:owner/name@main', hub.url);
    expect(hub.requests.slice(before)).toEqual(['/api/models/owner/name/revision/main?blobs=true']);
    await hub.close();
    close = undefined;
    await resolve(`hf:owner/name@${commit}`, hub.url);
  });

  test('is downloaded again if the copy is damaged', async () => {
    const hub = await start();
    await resolve('hf:owner/name', hub.url);
    await writeFile(join(cache, 'owner--name', commit, 'tokenizer.json'), '{}');
    const { description } = await resolve('hf:owner/name', hub.url);
    expect(description.digest).toBe((await describeFixture('text', 'text')).description.digest);
  });

  test('resumes a download that breaks off', async () => {
    const hub = await start({ breaksAfter: 100 });
    await resolve('hf:owner/name', hub.url);
    expect(hub.requests.filter((path) => path.startsWith('/cdn/'))).toHaveLength(2);
    const folder = join(cache, 'owner--name', commit);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([...names, 'onnx'].sort());
  });

  test('is whole if a download breaks off after its last byte', async () => {
    const hub = await start({ breaksAtEnd: true });
    await resolve('hf:owner/name', hub.url);
    expect(hub.requests.filter((path) => path.startsWith('/cdn/'))).toHaveLength(2);
  });

  test('is downloaded by several processes at once; what killed ones left is removed', async () => {
    const hub = await start();
    const folder = join(cache, 'owner--name', commit);
    await mkdir(folder, { recursive: true });
    const [old, recent] = ['tokenizer.json.partial-1', 'tokenizer.json.partial-2'];
    for (const name of [old, recent]) await writeFile(join(folder, name), '{');
    await utimes(join(folder, old), 0, 0);
    await Promise.all([1, 2, 3].map(() => resolve('hf:owner/name', hub.url)));
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([recent]);
    expect(await readdir(join(cache, 'owner--name'))).toEqual([commit, `${commit}.json`]);
  });

  test('is listed again if the copy of its list is damaged', async () => {
    const hub = await start();
    await resolve('hf:owner/name', hub.url);
    await writeFile(join(cache, 'owner--name', `${commit}.json`), '{"sha":');
    await resolve(`hf:owner/name@${commit}`, hub.url);
  });

  test('is called again if the hub is busy', async () => {
    const hub = await start({ firstStatus: 503 });
    await resolve('hf:owner/name', hub.url);
  });

  test('may be private', async () => {
    const hub = await start({ token: 'secret' });
    await expect(resolve('hf:owner/name', hub.url)).rejects.toMatchObject({
      message: `owner/name does not exist on ${hub.url}, or is private`,
      hint: 'Check the name. For a private model set HF_TOKEN to a token that may read it.',
    });
    await expect(resolve('hf:owner/name', hub.url, { token: 'other' })).rejects.toMatchObject({
      hint: 'Check the name, and that the token in HF_TOKEN may read it.',
    });
    await resolve('hf:owner/name', hub.url, { token: 'secret' });
  });
});

/** Parts of the paths of requests: for the list of files, for any file, and for one file. */
const [ofList, ofFiles] = ['/api/models/', '/resolve/'];
const ofTokenizer = `${ofFiles}${commit}/tokenizer.json`;
const list = 'the list of files of owner/name@main';
const tokenizer = `tokenizer.json of owner/name@${commit}`;

const loginPage = { headers: { 'content-type': 'text/html' }, body: '<html>Log in' };
const refusal = (status: number, code: string) => ({ status, headers: { 'x-error-code': code } });
const redirect = (location: string) => ({ status: 302, headers: { location } });

/** A hub in a fault, and the error about it. */
interface Fault {
  readonly hub: string;
  /** Part of the path of the requests that get the answer. */
  readonly requests: string;
  readonly answer: FaultyAnswer;
  /** Default: `UserError`. */
  readonly error?: 'TransientError';
  readonly message: string;
  readonly hint: string;
}

const faults: readonly Fault[] = [
  {
    hub: 'busy with the list',
    ...{ requests: ofList, answer: { status: 503 }, error: 'TransientError' },
    ...{ message: `${list} cannot be read`, hint: 'in a few minutes' },
  },
  {
    hub: 'busy with a file',
    ...{ requests: ofTokenizer, answer: { status: 500 }, error: 'TransientError' },
    ...{ message: `${tokenizer} cannot be read`, hint: 'in a few minutes' },
  },
  {
    hub: 'limiting requests',
    ...{ requests: ofList, answer: { status: 429 }, error: 'TransientError' },
    ...{ message: 'answers 429 Too Many Requests, 4 times', hint: 'With a token in HF_TOKEN' },
  },
  {
    hub: 'forbidding the list',
    ...{ requests: ofList, answer: { status: 403 } },
    ...{ message: `refuses ${list}: 403 Forbidden`, hint: 'that no proxy forbids it' },
  },
  {
    hub: 'refusing a file',
    ...{ requests: ofTokenizer, answer: { status: 400 } },
    ...{ message: `refuses ${tokenizer}: 400 Bad Request`, hint: 'Check HF_ENDPOINT' },
  },
  {
    hub: 'lacking a file',
    ...{ requests: ofTokenizer, answer: refusal(404, 'EntryNotFound') },
    ...{ message: `lists ${tokenizer}, and does not have it`, hint: 'Check HF_ENDPOINT' },
  },
  {
    hub: 'redirecting the list to itself',
    ...{ requests: ofList, answer: redirect('/api/models/') },
    ...{ message: 'redirect count exceeded', hint: 'Without the hub' },
  },
  {
    hub: 'redirecting a file to itself',
    ...{ requests: ofFiles, answer: redirect('/resolve/x') },
    ...{ message: 'redirect count exceeded', hint: 'Without the hub' },
  },
  {
    hub: 'redirecting nowhere',
    ...{ requests: ofList, answer: { status: 302 } },
    ...{ message: `refuses ${list}: 302 Found`, hint: 'Check HF_ENDPOINT' },
  },
  {
    hub: 'breaking off the list',
    ...{ requests: ofList, answer: { body: '{"sha":', breaks: true } },
    ...{ message: `${list} cannot be read: the answer`, hint: 'Run the same command again' },
  },
  {
    hub: 'breaking off a file',
    ...{ requests: ofTokenizer, answer: { breaks: true } },
    ...{ message: ') breaks off: ', hint: 'Run the same command again' },
  },
  {
    hub: 'giving a login page for the list',
    ...{ requests: ofList, answer: loginPage },
    ...{ message: 'expected JSON, received text/html', hint: 'no proxy or login page answers' },
  },
  {
    hub: 'giving a login page for a file',
    ...{ requests: ofTokenizer, answer: loginPage },
    ...{ message: `${tokenizer} has another digest`, hint: 'such as a proxy' },
  },
];

describe('refused', () => {
  test('a file with another digest, which is not kept', async () => {
    const hub = await start({ sends: { 'tokenizer.json': '{}' } });
    await expect(resolve('hf:owner/name', hub.url)).rejects.toThrow(
      `tokenizer.json of owner/name@${commit} has another digest than the hub (${hub.url}) lists`,
    );
    const folder = join(cache, 'owner--name', commit);
    expect(await readdir(folder)).not.toContain('tokenizer.json');
  });

  test('a hub that cannot be reached, with the way to do without it', async () => {
    const hub = await start();
    await hub.close();
    close = undefined;
    await expect(resolve('hf:owner/name@main', hub.url)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(
        /the Hugging Face hub \(.*\) cannot be reached: .*ECONNREFUSED/,
      ),
      hint: expect.stringContaining('hf download owner/name --revision main --local-dir encoder'),
    });
  });

  test('a hub that cannot be reached, with the commit that was downloaded before', async () => {
    const hub = await start();
    await resolve('hf:owner/name', hub.url);
    await hub.close();
    close = undefined;
    await expect(resolve('hf:owner/name', hub.url)).rejects.toMatchObject({
      hint: expect.stringContaining(`Was downloaded before: hf:owner/name@${commit}.`),
    });
  });

  test.each(faults)('a hub that is $hub', async ({ requests, answer, error, message, hint }) => {
    const hub = await start({ answers: { [requests]: answer } });
    const failure = await resolve('hf:owner/name', hub.url).catch((error: Error) => error);
    expect(failure).toMatchObject({
      name: error ?? 'UserError',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(failure).toMatchObject({
      message: expect.stringContaining(hub.url.replace(/^http:/, '')),
      hint: expect.stringContaining('copy the folder into the dataset, and set encoder: encoder.'),
    });
  });

  test('a model with conditions, with their address', async () => {
    const hub = await start({ answers: { [ofList]: refusal(403, 'GatedRepo') } });
    await expect(resolve('hf:owner/name', hub.url)).rejects.toMatchObject({
      message: `owner/name on ${hub.url} asks its users to accept its conditions first`,
      hint: `Accept them at ${hub.url}/owner/name, and set HF_TOKEN to a token of this account.`,
    });
  });

  test('a busy hub, with the commit that was downloaded before', async () => {
    const faults: HubFaults = {};
    const hub = await start(faults);
    await resolve('hf:owner/name', hub.url);
    faults.answers = { [ofList]: { status: 503 } };
    await expect(resolve('hf:owner/name', hub.url)).rejects.toMatchObject({
      name: 'TransientError',
      hint: expect.stringContaining(`Was downloaded before: hf:owner/name@${commit}.`),
    });
  });

  test('an address or a token that is damaged; the message does not contain the token', async () => {
    await expect(resolve('hf:owner/name', 'huggingface.co')).rejects.toThrow(
      "HF_ENDPOINT is 'huggingface.co', which is not an address",
    );
    const hub = await start();
    await expect(resolve('hf:owner/name', hub.url, { token: 'se\ncret' })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/^HF_TOKEN has characters that no token has[^\n]*line end$/),
    });
  });

  test.each([
    { path: 'hf:owner/name@nope', file: '', message: "owner/name has no revision 'nope'" },
    { path: 'hf:owner/other', file: '', message: 'owner/other does not exist' },
    {
      path: 'hf:owner/name',
      file: 'onnx/model_q4.onnx',
      message: `owner/name@${commit} on .* has no onnx/model_q4.onnx`,
    },
  ])('$path with the file "$file"', async ({ path, file, message }) => {
    const hub = await start();
    await expect(resolve(path, hub.url, { file })).rejects.toThrow(new RegExp(message));
  });

  test('a name that leads out of the folder', async () => {
    const hub = await start({}, { 'onnx/model.onnx_/../../../x': '1' });
    await expect(resolve('hf:owner/name', hub.url)).rejects.toThrow('a part of it is "." or ".."');
  });

  test('a server that is not a hub', async () => {
    const hub = await start();
    await expect(resolve('hf:cdn/config.json', `${hub.url}/cdn/config.json?`)).rejects.toThrow(
      'does not answer as the Hugging Face hub does',
    );
  });
});

test.each([
  'hf:',
  'hf:a/b/c',
  'hf:a b',
  'hf:../x',
  'hf:./x',
  'hf:a/b@',
  'hf:a/b@.',
  'hf:a/b@x/../y',
])('%s is refused', (path) => {
  expect(() => parseHubPath(path)).toThrow('is not a model of the Hugging Face hub');
});

test('a path of the hub has a revision', () => {
  expect(parseHubPath('hf:a/b.c@refs/pr/1')).toEqual({
    repository: 'a/b.c',
    revision: 'refs/pr/1',
  });
  expect(parseHubPath('hf:bert')).toEqual({ repository: 'bert', revision: 'main' });
  expect(parseHubPath('encoder')).toBeUndefined();
});
