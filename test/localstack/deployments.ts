/** Deployments side by side, and a deployment that continues with the buckets of the last one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openS3 } from '../../src/store/s3.ts';
import { statusOf } from '../../src/store/s3-failures.ts';
import { counterweight, describeDeployed, eventually, executionsOf } from './deployed.ts';

const config = `task: { type: vector-classification, classes: [cat, dog], length: 2 }
data: { format: csv }
teacher: { onnx: teacher/model.onnx }
student: { architecture: mlp }
`;

const listed = z.array(z.object({ run: z.string(), status: z.string() }));

/** Deploys with the command line, and returns what it reports. */
async function deploy(name: string): Promise<string> {
  const endpoint = process.env.AWS_ENDPOINT_URL!;
  const { code, stdout, stderr } = await counterweight(
    ...['deploy', '--endpoint', endpoint, '--name', name, '--tags', `color=${name}`, '--yes'],
  );
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stderr + stdout;
}

async function runsOf(name: string): Promise<string[]> {
  const { stdout } = await counterweight('status', '--name', name, '--json');
  return listed.parse(JSON.parse(stdout)).map(({ run }) => run);
}

function bucketIn(report: string): string {
  return /data in s3:\/\/([\w-]+)/.exec(report)![1]!;
}

async function exists(bucket: string): Promise<boolean> {
  try {
    await openS3().send(new HeadBucketCommand({ Bucket: bucket }));
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

describeDeployed('several deployments', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'counterweight-deployments-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Uploads a batch whose run fails at once: it has no labels and no teacher. */
  async function upload(batch: string): Promise<void> {
    const files = path.join(folder, 'unlabeled', batch);
    mkdirSync(files, { recursive: true });
    writeFileSync(path.join(folder, 'distill.yaml'), config);
    for (const file of ['a.csv', '_SUCCESS']) writeFileSync(path.join(files, file), 'id,x\n1,2\n');
    const { code, stderr } = await counterweight('upload', folder, 'colors', '--name', 'blue');
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  }

  /** Waits for a run of `blue` that is not yet known. */
  async function newRun(known?: string): Promise<string> {
    return eventually(async () => (await runsOf('blue')).find((run) => run !== known));
  }

  let blue = '';
  let green = '';
  let first = '';

  test('have buckets of their own, and commands that name them', async () => {
    blue = await deploy('blue');
    green = await deploy('green');
    expect(bucketIn(blue)).not.toBe(bucketIn(green));
    expect(blue).toContain('Next: counterweight upload --name blue FOLDER');
    const missing = await counterweight('status', '--name', 'red');
    expect(missing.stderr).toContain('there is no deployment red in us-east-1');
  });

  test('know nothing of the runs of others', async () => {
    await upload('first');
    first = await newRun();
    expect(first).toMatch(/^colors-/);
    expect(await runsOf('green')).toEqual([]);
    expect(await executionsOf('colors')).toEqual([]);
    await eventually(async () => {
      const { stdout } = await counterweight('status', first, '--name', 'blue', '--json');
      const { status } = z.looseObject({ status: z.string() }).parse(JSON.parse(stdout));
      return status === 'FAILED' ? status : undefined;
    });
  });

  test('are destroyed one by one, and leave their data', async () => {
    const destroyed = await counterweight('destroy', '--name', 'blue', '--yes');
    expect(destroyed.stdout).toContain(`s3://${bucketIn(blue)}`);
    const status = await counterweight('status', '--name', 'blue');
    expect(status.stderr).toContain('there is no deployment blue');
    expect(await runsOf('green')).toEqual([]);
  });

  test('continue with the data of the last one, whose events they receive', async () => {
    const again = await deploy('blue');
    expect(again).toContain(`It uses existing buckets: data in s3://${bucketIn(blue)}`);
    expect(bucketIn(again)).toBe(bucketIn(blue));
    await upload('second');
    const second = await newRun(first);
    await counterweight('stop', second, '--name', 'blue');
  });

  test('are deleted with their data, which an update keeps', async () => {
    expect(bucketIn(await deploy('blue'))).toBe(bucketIn(blue));
    for (const [name, report] of [
      ['blue', blue],
      ['green', green],
    ] as const) {
      const { stdout } = await counterweight('destroy', '--name', name, '--delete-data', '--yes');
      expect(stdout).toContain('All data in its buckets is deleted.');
      expect(await exists(bucketIn(report))).toBe(false);
    }
  });
});
