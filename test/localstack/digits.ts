/** The demo's digits, from upload to student, on LocalStack and on the embedded engine. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { runMetricsSchema } from '../../src/evaluate/run-metrics.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import { keys } from '../../src/run/keys.ts';
import { readBytes, readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { counterweight, describeDeployed, ended, results, workflowCalls } from './deployed.ts';
import { type EmbeddedRun, runEmbedded } from './embedded.ts';
import { alarmMail, collectEvents, eventsOf, raiseAlarm } from './events.ts';
import { requestStudent } from './functions.ts';
import { outcome } from './outcome.ts';

const example = fileURLToPath(new URL('../../examples/digits', import.meta.url));

describeDeployed('the digits', () => {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-digits-'));
  const dataset = join(folder, 'digits');
  let onLocalStack: Awaited<ReturnType<typeof ended>>;
  let embedded: EmbeddedRun;

  beforeAll(async () => {
    cpSync(example, dataset, { recursive: true });
    shortenTraining(join(dataset, 'distill.yaml'));
    rmSync(join(dataset, 'unlabeled/second'), { recursive: true });
    await collectEvents();
    const uploaded = await counterweight('upload', dataset, 'digits');
    expect(uploaded, uploaded.stderr).toMatchObject({ code: 0 });
    onLocalStack = await ended('digits');
    embedded = await runEmbedded(dataset, join(folder, 'results'));
  }, 600_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('their markers start one run by themselves, and it succeeds', async () => {
    const status = await counterweight('status', onLocalStack.run);
    expect(onLocalStack.status, status.stdout).toBe('SUCCEEDED');
    expect(status.code).toBe(0);
    expect(status.stdout).toContain('the first student of this dataset');
  });

  test('its end and its student are announced, once each', async () => {
    const { arn, run } = onLocalStack;
    const events = await eventsOf(run, 'StudentPublished');
    expect(events.map((event) => event['detail-type'])).toEqual([
      'RunSucceeded',
      'StudentPublished',
    ]);
    for (const { detail, resources } of events) {
      expect(resources).toEqual([arn]);
      expect(detail).toMatchObject({ dataset: 'digits', execution: arn, attempt: 1 });
      const { keys: files } = z.object({ keys: z.record(z.string(), z.string()) }).parse(detail);
      for (const key of Object.values(files).filter((key) => !key.endsWith('/'))) {
        expect(await (await results()).head(key), key).toBeDefined();
      }
    }
    const metrics = await readJson(await results(), keys.metrics(run), runMetricsSchema);
    const { accuracy } = metrics.metrics.models.relabel!;
    expect(events[0]!.detail).toMatchObject({ figures: { models: { relabel: { accuracy } } } });
  });

  test('an alarm is sent to the address that was deployed', async () => {
    const alarm = await raiseAlarm('RunFailed');
    const { to, text } = await alarmMail(alarm);
    expect(to).toEqual(['team@example.com']);
    expect(text).toContain('counterweight status');
  });

  test('student and report are fetched', async () => {
    const to = join(folder, 'fetched');
    const fetched = await counterweight('fetch', onLocalStack.run, '--to', to);
    expect(fetched, fetched.stderr).toMatchObject({ code: 0 });
    expect(readFileSync(join(to, 'report.html'), 'utf8')).toContain('relabel');
    for (const file of ['model.json', 'weights.bin', 'student.json']) {
      expect(existsSync(join(to, 'student', file)), file).toBe(true);
    }
  });

  test('the URL predicts with the student', async () => {
    const picture = sharp({ create: { width: 28, height: 28, channels: 3, background: 'black' } });
    const png = await picture.png().toBuffer();
    const { status, body } = await requestStudent('/predict', png);
    expect(status, body).toBe(200);
    const { predictions } = z
      .object({ predictions: z.array(z.object({ class: z.string() })) })
      .parse(JSON.parse(body));
    const student = await loadStudent(join(folder, 'fetched/student'));
    const expected = await student.predict([png]);
    student.dispose();
    expect(predictions.map((one) => one.class)).toEqual(expected.map((one) => one.class));
  });

  test('the report shows the cost of the run, and so does the command', async () => {
    const report = await readBytes(await results(), keys.report(onLocalStack.run));
    expect(Buffer.from(report).toString()).toContain('<h2>Cost</h2>');
    const cost = await counterweight('cost', onLocalStack.run);
    expect(cost.stdout).toMatch(/Label.*\$/);
  });

  test('both engines enter the same states and call the same functions', async () => {
    expect(await workflowCalls(onLocalStack)).toEqual(embedded.calls);
    expect(embedded.calls.filter((call) => call.startsWith('call Label')).length).toBeGreaterThan(
      5,
    );
  });

  test('both engines give the same labels and weights byte for byte, and the same students', async () => {
    const here = await outcome(
      await openStore(join(folder, 'results')),
      embedded.run,
      'weights.bin',
    );
    const there = await outcome(await results(), onLocalStack.run, 'weights.bin');
    expect(there.labels).toEqual(here.labels);
    expect(there.weights).toEqual(here.weights);
    expect(here.students.map(({ length }) => length)).toEqual(
      there.students.map(({ length }) => length),
    );
    const weightsThere = there.students.map(floats);
    for (const [index, student] of here.students.map(floats).entries()) {
      const farthest = student.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - weightsThere[index]![at]!)),
        0,
      );
      expect(farthest).toBeLessThanOrEqual(1e-5);
    }
  });
});

/** Shortens the training: this test compares the engines, and not the accuracy of the students. */
function shortenTraining(config: string): void {
  let text = readFileSync(config, 'utf8');
  for (const [long, short] of [
    ['epochs: 40', 'epochs: 4'],
    ['epochs: 8', 'epochs: 1'],
    ['width: 8', 'width: 4'],
    ['compare: [uniform, weighted]', 'compare: [uniform]\nfolds: 2'],
  ] as const) {
    expect(text).toContain(long);
    text = text.replaceAll(long, short);
  }
  writeFileSync(config, text);
}

function floats(hex: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(hex, 'hex')).buffer);
}
