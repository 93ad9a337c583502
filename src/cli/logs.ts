import { defineCommand } from 'citty';
import type { LogLine } from '../aws/log-line.ts';
import type { RunLogs } from '../aws/logs.ts';
import type { RunStatus } from '../aws/status.ts';
import { jsonOption, nameOption } from './arguments.ts';
import { openRun, runArgument, stageNames, taskOf } from './deployed-run.ts';
import type { RunLog } from './log-text.ts';

/** Maximum number of other errors shown; the rest is counted. */
const shownErrors = 20;

export const logsCommand = defineCommand({
  meta: { name: 'logs', description: 'Show the log of a run on AWS, the failure first' },
  args: {
    run: runArgument,
    all: { type: 'boolean', description: 'Show all log lines of the run' },
    name: nameOption,
    json: jsonOption,
  },
  async run({ args: { run, all, json } }) {
    const [{ StatusReader }, { RunLogs }, { readWorkflow }, { renderLog, renderLine }] =
      await Promise.all([
        import('../aws/status.ts'),
        import('../aws/logs.ts'),
        import('../engines/workflow.ts'),
        import('./log-text.ts'),
      ]);
    const { deployed, attempt, results } = await openRun(run);
    const workflow = readWorkflow();
    const status = await new StatusReader(results, attempt, stageNames(workflow)).read();
    const logs = new RunLogs(deployed, run);
    if (all) {
      for await (const line of logs.lines(status)) {
        print(json ? JSON.stringify(line) : renderLine(line, process.stdout));
      }
      return;
    }
    const task = status.failure?.stage && taskOf(workflow, status.failure.stage);
    const log = await readLog(logs, status, task);
    print(json ? JSON.stringify(log, null, 2) : renderLog(log, process.stdout));
  },
});

async function readLog(
  logs: RunLogs,
  status: RunStatus,
  task: string | undefined,
): Promise<RunLog> {
  const { run, failure } = status;
  const failureLines = failure ? await logs.ofFailure(failure, task) : [];
  const shown = new Set(failureLines.map(({ requestId }) => requestId));
  const otherErrors: LogLine[] = [];
  let otherErrorCount = 0;
  for await (const line of logs.errors(status)) {
    if (line.requestId !== undefined && shown.has(line.requestId)) continue;
    otherErrorCount++;
    if (otherErrors.length < shownErrors) otherErrors.push(line);
  }
  return { run, status: status.status, failure, failureLines, otherErrors, otherErrorCount };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
