import { readFileSync } from 'node:fs';
import aslValidator from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { taskNames } from '../../src/engines/wire.ts';

interface State {
  Type: string;
  Resource?: string;
  Parameters?: { FunctionName?: string };
  ItemProcessor?: { ProcessorConfig: { Mode: string }; States: Record<string, State> };
  [field: string]: unknown;
}

const file = new URL('../../infra/workflow.asl.json', import.meta.url);
const workflow = JSON.parse(readFileSync(file, 'utf8'));
const states = flatten(workflow.States);

/** What the embedded interpreter, LocalStack 4.14 and AWS all run. */
const allowed: Record<string, string[]> = {
  Task: [
    ...['Type', 'Resource', 'TimeoutSeconds', 'Parameters', 'ResultSelector', 'ResultPath'],
    ...['OutputPath', 'Retry', 'Catch', 'Next', 'End'],
  ],
  Map: [
    ...['Type', 'ItemReader', 'ItemsPath', 'MaxConcurrency', 'ItemSelector', 'ItemProcessor'],
    ...['ResultPath', 'Catch', 'Next'],
  ],
  Choice: ['Type', 'Choices', 'Default'],
  Succeed: ['Type'],
  Fail: ['Type', 'Error', 'Cause'],
};

describe('the workflow', () => {
  it('fits the schema of Amazon States Language', () => {
    const substituted = JSON.parse(
      JSON.stringify(workflow).replaceAll(/\$\{(\w+)\}/g, 'arn:aws:lambda:us-east-1:1:function:$1'),
    );
    const { isValid, errorsText } = aslValidator(substituted);
    expect(isValid, errorsText()).toBe(true);
  });

  it.each(states)('uses only what all three engines run: %s', (_name, state) => {
    const unknown = Object.keys(state).filter((field) => !allowed[state.Type]?.includes(field));
    expect(unknown).toEqual([]);
    if (state.ItemReader) {
      expect(state.ItemReader).toMatchObject({
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSON' },
      });
      expect(state.ItemProcessor?.ProcessorConfig).toEqual({
        Mode: 'DISTRIBUTED',
        ExecutionType: 'STANDARD',
      });
    }
  });

  it('has no JSONata', () => {
    expect(JSON.stringify(workflow)).not.toMatch(/QueryLanguage|\{%/);
  });

  it('calls each function of functions/, and no other', () => {
    const called = states.flatMap(([, { Parameters }]) =>
      Parameters?.FunctionName ? [Parameters.FunctionName] : [],
    );
    expect(called.sort()).toEqual(taskNames.map((name) => `\${${name}Function}`).sort());
  });

  it('retries transient errors of every task, with jitter', () => {
    for (const [name, state] of states) {
      if (state.Type !== 'Task') continue;
      expect(state.Retry, name).toContainEqual(
        expect.objectContaining({
          ErrorEquals: expect.arrayContaining(['TransientError']),
          JitterStrategy: 'FULL',
        }),
      );
    }
  });

  it('gives every task the time that training may take: the interpreter allows 60 s by default', () => {
    for (const [name, state] of states) {
      if (state.Type !== 'Task') continue;
      const twoWeeks = 14 * 24 * 60 * 60;
      expect(state.TimeoutSeconds, name).toBe(twoWeeks);
      // Node's timers end at 2^31 ms.
      expect(twoWeeks * 1000).toBeLessThan(2 ** 31);
    }
  });

  it('catches the failure of every top-level stage', () => {
    const caught = Object.entries<State>(workflow.States).filter(
      ([name, { Type }]) => ['Task', 'Map'].includes(Type) && name !== 'Record failure',
    );
    expect(caught.length).toBeGreaterThan(8);
    for (const [name, state] of caught) {
      expect(state.Catch, name).toEqual([
        { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Record failure' },
      ]);
    }
  });
});

function flatten(level: Record<string, State>): [string, State][] {
  return Object.entries(level).flatMap(([name, state]) => [
    [name, state] as [string, State],
    ...(state.ItemProcessor ? flatten(state.ItemProcessor.States) : []),
  ]);
}
