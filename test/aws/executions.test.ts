import { beforeEach, describe, expect, test, vi } from 'vitest';
import { describeExecution, executionArn, startExecution } from '../../src/aws/executions.ts';
import { watchExecution } from '../../src/aws/watch-execution.ts';
import { InterruptedError } from '../../src/errors.ts';
import { startFakeStepFunctions } from '../support/fake-step-functions.ts';

const { executions, failures, requests } = await startFakeStepFunctions();
const machine = 'arn:aws:states:us-east-1:123456789012:stateMachine:counterweight';
const started = { run: 'wine-1', dataset: 's3://data/wine', results: 's3://results' };
const arn = executionArn(machine, 'wine-1');

beforeEach(() => {
  executions.clear();
  requests.length = 0;
});

describe('startExecution', () => {
  test('names the execution after the run, and a later attempt after its number', async () => {
    expect(await startExecution(machine, started)).toBe(arn);
    expect(await startExecution(machine, started, 3)).toBe(`${arn}-attempt-3`);
    expect([...executions.keys()]).toEqual([arn, `${arn}-attempt-3`]);
    const { input } = executions.get(`${arn}-attempt-3`)!;
    expect(JSON.parse(String(input))).toEqual({ ...started, execution: `${arn}-attempt-3` });
  });

  test('finds an existing execution, running or ended, and does not start another', async () => {
    await startExecution(machine, started);
    expect(await startExecution(machine, started)).toBe(arn);
    executions.get(arn)!.status = 'SUCCEEDED';
    expect(await startExecution(machine, started)).toBe(arn);
    expect([...executions.values()]).toMatchObject([{ status: 'SUCCEEDED' }]);
  });

  test('is patient when it is throttled, and fails at once for other reasons', async () => {
    failures.push('ThrottlingException');
    expect(await startExecution(machine, started)).toBe(arn);
    failures.push('StateMachineDoesNotExist');
    await expect(startExecution(machine, started)).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
    expect(failures).toEqual([]);
  });
});

describe('describeExecution', () => {
  test('describes an execution, and returns undefined for an unknown one', async () => {
    expect(await describeExecution(arn)).toBeUndefined();
    await startExecution(machine, started);
    const running = {
      ...{ arn, status: 'RUNNING', startedAt: new Date(1_000), stoppedAt: undefined },
      redriveCount: 0,
    };
    expect(await describeExecution(arn)).toEqual(running);
    executions.get(arn)!.status = 'ABORTED';
    expect(await describeExecution(arn)).toEqual({
      ...running,
      status: 'ABORTED',
      stoppedAt: new Date(2_000),
    });
  });
});

describe('watchExecution', () => {
  /** Lets the timer fire, without waiting for it, until a condition holds. */
  async function looksUntil(condition: () => boolean) {
    const look = async () => {
      await vi.advanceTimersByTimeAsync(5_000);
      return condition();
    };
    await vi.waitUntil(look, { timeout: 60_000 });
  }

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    return () => vi.useRealTimers();
  });

  test('stops a task whose execution was aborted, and not before', async () => {
    await startExecution(machine, started);
    const stop = new AbortController();
    const watch = watchExecution(arn, stop);
    await looksUntil(() => requests.length > 3);
    expect(stop.signal.aborted).toBe(false);
    executions.get(arn)!.status = 'ABORTED';
    await looksUntil(() => stop.signal.aborted);
    expect(stop.signal.reason).toBeInstanceOf(InterruptedError);
    watch.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a look that fails, and an execution that is not there, stop nothing', async () => {
    const stop = new AbortController();
    const watch = watchExecution(arn, stop);
    failures.push('AccessDeniedException');
    await looksUntil(() => requests.length > 3);
    watch.stop();
    expect(stop.signal.aborted).toBe(false);
  });

  test("the embedded engine's execution, a run's name, is not watched", async () => {
    const watch = watchExecution('wine-1', new AbortController());
    expect(vi.getTimerCount()).toBe(0);
    watch.stop();
  });
});
