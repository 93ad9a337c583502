/** A local run looks up no name and opens no connection: the kernel counts packets. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { runCounted, whyNotCounted } from '../support/counted-network.ts';
import { makeDataset } from '../support/datasets.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const model = join(root, 'test/fixtures/teachers/onnx-nchw-logits/model.onnx');
const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const nothing = { IpOutRequests: 0, IpOutNoRoutes: 0, Ip6OutRequests: 0, Ip6OutNoRoutes: 0 };
const reason = whyNotCounted();
/** Without the variable that turns off the telemetry of onnxruntime. */
const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env;

const runModule = (code: string) =>
  runCounted([process.execPath, '--input-type=module', '-e', code], env);

const lookUp = (name: string) => `import { lookup } from 'node:dns';
  lookup('${name}', () => {});`;
const connect = (address: string) => `import { connect } from 'node:net';
  connect(443, '${address}').on('error', () => {});`;

test.for([
  ['a name', lookUp('example.com')],
  ['a name of this machine', lookUp('localhost')],
  ['an address', connect('192.0.2.1')],
  ['an address of IPv6', connect('2001:db8::1')],
  ['a port of this machine', connect('127.0.0.1')],
] as const)('a process that asks for %s is counted', ([, code], { skip }) => {
  skip(reason !== undefined, reason);
  const { status, packets } = runModule(code);
  expect(status).toBe(0);
  expect(Object.values(packets)).toContainEqual(expect.toSatisfy((count: number) => count > 0));
});

test('onnxruntime sends its telemetry, and not as we load it', ({ skip }) => {
  skip(reason !== undefined, reason);
  const start = performance.now();
  const alone = runModule(`
    import { readFileSync } from 'node:fs';
    import { InferenceSession } from 'onnxruntime-node';
    const session = await InferenceSession.create(${JSON.stringify(model)});
    const end = performance.now() + 60_000;
    const sent = () => !/^Ip: (\\d+ ){9}0 \\d+ 0 /m.test(readFileSync('/proc/net/snmp', 'utf8'));
    while (!sent() && performance.now() < end) await new Promise((done) => setTimeout(done, 50));`);
  const elapsedMs = performance.now() - start;
  expect(alone.stderr).toBe('');
  const isSilent = Object.values(alone.packets).every((count) => count === 0);
  skip(isSilent, 'onnxruntime sends no telemetry on this machine');
  // For twice the time: nothing else shows that nothing is sent.
  const ours = runModule(`
    import { loadOnnx } from ${JSON.stringify(join(root, 'dist/src/models/teachers/onnx.js'))};
    const model = await loadOnnx(${JSON.stringify(model)}, 'it');
    await new Promise((done) => setTimeout(done, ${2 * elapsedMs}));`);
  expect(ours).toMatchObject({ status: 0, packets: nothing });
});

test('a whole run with a teacher in ONNX sends nothing', ({ skip }) => {
  skip(reason !== undefined, reason);
  const { dataset, results } = makeDataset('parquet-images', {
    teacher: '{ onnx: teacher/model.onnx }',
  });
  const teacher = join(root, 'test/fixtures/workflow-teachers/onnx');
  cpSync(teacher, join(dataset, 'teacher'), { recursive: true });
  // The process of the model would have a network of its own, in which nothing is counted.
  writeFileSync(join(folder, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const PATH = `${folder}${delimiter}${process.env.PATH}`;
  const cli = join(root, 'dist/src/cli/main.js');
  const { status, stderr, packets } = runCounted(
    ['env', `PATH=${PATH}`, process.execPath, cli, 'run', dataset, '--results', results, '--json'],
    env,
  );
  expect({ status, packets }, stderr).toEqual({ status: 0, packets: nothing });
  const [run] = readdirSync(join(results, 'runs'));
  const machine = readFileSync(join(results, 'runs', run!, 'machine.json'), 'utf8');
  expect(JSON.parse(machine)).toMatchObject({ isolation: 'none' });
});
