/** The table of stages against the workflow's file, which has the states. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { allStages } from '../../src/stages/index.ts';
import type { MapItems } from '../../src/stages/stage.ts';

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: { readonly Variable: string; readonly Next: string }[];
  readonly Retry?: { readonly ErrorEquals: string[]; readonly MaxAttempts: number }[];
  readonly ItemReader?: { readonly Parameters: Record<string, string> };
  readonly ItemsPath?: string;
  readonly ItemProcessor?: Machine;
  readonly Parameters?: { readonly FunctionName?: string };
}
interface Machine {
  readonly States: Record<string, State>;
}

const file = new URL('../../infra/workflow.asl.json', import.meta.url);
const workflow: Machine = JSON.parse(readFileSync(file, 'utf8'));

/** A state that calls a function, and the name of the state of the workflow that contains it. */
interface Call {
  readonly task: State;
  readonly outerName: string;
  readonly outer: State;
}

function callOf(name: string): Call {
  const calls = Object.entries(workflow.States).flatMap(([outerName, outer]) =>
    [outer, ...Object.values(outer.ItemProcessor?.States ?? {})]
      .filter(({ Parameters }) => Parameters?.FunctionName === `\${${name}Function}`)
      .map((task) => ({ task, outerName, outer })),
  );
  if (calls.length !== 1) throw new Error(`${calls.length} states call ${name}`);
  return calls[0]!;
}

const mapItems: Record<MapItems, (map: State) => boolean> = {
  shards: ({ ItemReader }) => ItemReader?.Parameters['Key.$'] === '$.plan.shards',
  unlabeledShards: ({ ItemReader }) => ItemReader?.Parameters['Key.$'] === '$.plan.unlabeled',
  variants: ({ ItemsPath }) => ItemsPath === '$.plan.variants',
};

/** The names of the states that the default or only transitions reach, in order. */
function path(name: string | undefined, choose: (state: State) => string | undefined): string[] {
  const names: string[] = [];
  for (let next = name; next !== undefined; next = choose(workflow.States[next]!)) names.push(next);
  return names;
}

describe.each(allStages)('$name', ({ name, title, mapOver, optional = false, resumes }) => {
  const { task, outerName, outer } = callOf(name);

  test('has the title of its state, if no Map is around it', () => {
    if (!mapOver) expect(title).toBe(outerName);
  });

  test('has the items of the Map around it', () => {
    expect(outer.Type === 'Map').toBe(mapOver !== undefined);
    if (mapOver) expect(mapItems[mapOver](outer)).toBe(true);
  });

  test('is called again after an InterruptedError exactly if it resumes', () => {
    const names = task.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals) ?? [];
    expect(names.includes('InterruptedError')).toBe(resumes !== undefined);
  });

  test('ends the run after three calls without progress', () => {
    const stalled = task.Retry?.find(({ ErrorEquals }) => ErrorEquals.includes('StalledError'));
    expect(stalled?.MaxAttempts).toBe(resumes === undefined ? undefined : 2);
  });

  test('is on the shortest path exactly if it is not optional', () => {
    // The path of a run that trains students.
    const shortest = path('Plan', ({ Choices: [choice] = [], Default, Next }) =>
      choice?.Variable === '$.plan.trainStudents' ? choice.Next : (Default ?? Next),
    );
    expect(shortest.includes(outerName)).toBe(!optional);
  });
});

test('the rows are in the order of the workflow', () => {
  const longest = path('Plan', ({ Choices, Next }) => Choices?.[0]?.Next ?? Next);
  const states = allStages.map(({ name }) => callOf(name).outerName);
  expect(states).toEqual(longest.filter((name) => states.includes(name)));
});

test('titles are distinct: a bill has one line per title', () => {
  expect(new Set(allStages.map(({ title }) => title)).size).toBe(allStages.length);
});

test('a row loads a function', async () => {
  for (const { load } of allStages.filter(({ native }) => !native)) {
    expect(await load()).toBeTypeOf('function');
  }
});
