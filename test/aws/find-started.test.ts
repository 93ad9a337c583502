import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DeployedStack, datasetLocation, findDeployment } from '../../src/aws/deployment.ts';
import { findStarted } from '../../src/aws/find-started.ts';
import { parseConfig } from '../../src/config/load.ts';
import { FakeAws, machine } from '../support/fake-aws.ts';
import { sealedText } from '../support/put.ts';

const run = 'digits-0123456789ab';
const record = `runs/${run}/run.json`;
const dataset = 's3://data/digits';

let aws: FakeAws;
let deployed: DeployedStack;
beforeEach(async () => {
  aws = new FakeAws();
  await aws.start();
  deployed = await findDeployment();
});
afterEach(() => aws.stop());

test('a run is found by its name', async () => {
  const config = parseConfig(
    `task: { type: vector-classification, classes: [cat, dog], length: 2 }
data: { format: csv }
teacher: { onnx: teacher/model.onnx }
student: { architecture: mlp }`,
    'distill.yaml',
  );
  aws.objects.set(record, sealedText({ run, dataset, config }, record));
  expect(await findStarted(deployed, run)).toEqual({ run, dataset, results: 's3://results' });
});

test('a run that was refused is not started', async () => {
  const refused = { message: 'there is no distill.yaml', hint: 'Write one.' };
  aws.objects.set(record, sealedText({ run, dataset, refused }, record));
  await expect(findStarted(deployed, run)).rejects.toThrow(/was refused: there is no distill.yaml/);
});

test('a name that is neither a run nor a dataset gets a hint', async () => {
  aws.executions.set(run, { status: 'SUCCEEDED', startDate: 1 });
  await expect(findStarted(deployed, 'digits-0123456789ac')).rejects.toMatchObject({
    message: `there is no run "digits-0123456789ac", and no distill.yaml in s3://data/digits-0123456789ac`,
    hint: expect.stringContaining(`Did you mean ${run}?`),
  });
  await expect(findStarted(deployed, 's3://data/a/b')).rejects.toMatchObject({
    hint: expect.stringContaining('counterweight upload FOLDER a/b\n'),
  });
});

test('a dataset is in the data bucket, and nowhere else', () => {
  expect(deployed.stateMachine).toBe(machine);
  expect(datasetLocation(deployed, 'a/b')).toBe('s3://data/a/b');
  expect(datasetLocation(deployed, 's3://data/a/b')).toBe('s3://data/a/b');
  expect(() => datasetLocation(deployed, 's3://data-2/a')).toThrow(/is not in the data bucket/);
});
