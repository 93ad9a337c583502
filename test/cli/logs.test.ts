import { expect, test } from 'vitest';
import { type LogLine, parseLogLine } from '../../src/aws/log-line.ts';
import type { RunLog } from '../../src/cli/log-text.ts';
import { renderLine, renderLog } from '../../src/cli/log-text.ts';
import { failed, second } from './observations.ts';
import { FakeTerminal } from './terminals.ts';

function line(seconds: number, message: string): LogLine {
  return parseLogLine('group', { timestamp: second(seconds).getTime(), message });
}

const ours = (fields: object) => JSON.stringify({ level: 'INFO', task: 'Label', ...fields });
const error = { level: 'ERROR', message: 'The task failed', error: 'TransientError' };

const log: RunLog = {
  run: 'cifar-2f7a91c04be3',
  status: 'FAILED',
  failure: failed().failure,
  failureLines: [
    line(200, '{"type":"platform.start","record":{"requestId":"1","version":"$LATEST"}}'),
    line(210, 'terminate called'),
    line(
      211,
      '{"type":"platform.report","record":{"requestId":"1","status":"error",' +
        '"errorType":"Runtime.ExitError","metrics":{"durationMs":11000}}}',
    ),
  ],
  otherErrors: [line(100, ours({ ...error, shard: 'cd34' }))],
  otherErrorCount: 34,
};

test('the failure comes first, then what was written around it, then the other errors', () => {
  expect(renderLog(log, new FakeTerminal())).toMatchInlineSnapshot(`
    "error: Label (ab12cd34): RequestId: 1 Error: Runtime exited with error: signal: killed
    Run the same command again to resume.

    2026-11-25T12:03:20.000Z         Lambda: start
    2026-11-25T12:03:30.000Z         terminate called
    2026-11-25T12:03:31.000Z         Lambda: report, status: error, errorType: Runtime.ExitError, durationMs: 11000

    34 other errors:
    2026-11-25T12:01:40.000Z  ERROR  Label cd34  The task failed, error: TransientError
    … and 33 more: counterweight logs cifar-2f7a91c04be3 --all"
  `);
});

test('a run that did not fail has the errors that were retried', () => {
  const text = renderLog(
    { ...log, status: 'SUCCEEDED', failure: undefined, failureLines: [], otherErrorCount: 1 },
    new FakeTerminal(),
  );
  expect(text).toMatchInlineSnapshot(`
    "cifar-2f7a91c04be3 did not fail.

    1 error:
    2026-11-25T12:01:40.000Z  ERROR  Label cd34  The task failed, error: TransientError"
  `);
});

test.each([
  'there is no distill.yaml\n\nPut one.',
  'the message is in runs/cifar-2f7a91c04be3/errors/0123456789abcdef.json',
])("a user's mistake is shown once, if it is logged as: %s", (logged) => {
  const failure = { ...log.failure!, error: 'UserError', message: 'there is no distill.yaml' };
  const errorMessage = `Plan: ${logged}`;
  const thrown = ours({ level: 'ERROR', message: { errorType: 'UserError', errorMessage } });
  const failureLines = [line(1, ours(error)), line(1, thrown)];
  const text = renderLog({ ...log, failure, failureLines }, new FakeTerminal());
  expect(text.match(/there is no distill\.yaml|the message is in/g)).toHaveLength(1);
  expect(text).toContain('The task failed');
});

test('a failed task without lines is reported', () => {
  const text = renderLog(
    { ...log, failureLines: [], otherErrors: [], otherErrorCount: 0 },
    new FakeTerminal(),
  );
  expect(text).toContain('The failed task has no log lines. To see all lines: --all');
  expect(text).toContain('No other error.');
});

test('the stack of an error follows its line', () => {
  const thrown = { errorType: 'TypeError', errorMessage: 'x is undefined', stackTrace: ['at f'] };
  const text = renderLine(line(1, ours({ level: 'ERROR', message: thrown })), new FakeTerminal());
  expect(text).toBe('2026-11-25T12:00:01.000Z  ERROR  Label  TypeError: x is undefined\n    at f');
});
