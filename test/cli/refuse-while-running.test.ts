import { afterEach, beforeEach, expect, test } from 'vitest';
import { refuseWhileRunning } from '../../src/cli/refuse-while-running.ts';
import { FakeAws } from '../support/fake-aws.ts';

let aws: FakeAws;
beforeEach(async () => {
  aws = new FakeAws();
  await aws.start();
});
afterEach(() => aws.stop());

function execute(name: string, status: string): void {
  aws.executions.set(name, { status, startDate: 1, events: [] });
}

test('names the runs in progress, how to stop them, and what else is possible', async () => {
  execute('digits-0123456789ab', 'RUNNING');
  execute('wine-0123456789ab-attempt-2', 'RUNNING');
  execute('pets-0123456789ab', 'SUCCEEDED');
  await expect(refuseWhileRunning('Or wait.')).rejects.toMatchObject({
    message: 'digits-0123456789ab, wine-0123456789ab are running',
    hint: [
      'Wait for the end, or run:',
      '  counterweight stop digits-0123456789ab',
      '  counterweight stop wine-0123456789ab',
      'Or wait.',
    ].join('\n'),
  });
});

test('passes if no run is in progress', async () => {
  execute('digits-0123456789ab', 'FAILED');
  await expect(refuseWhileRunning()).resolves.toBeUndefined();
});

test('passes if nothing is deployed', async () => {
  aws.isDeployed = false;
  await expect(refuseWhileRunning()).resolves.toBeUndefined();
  expect(aws.calls).toEqual(['DescribeStacks']);
});
