import { readFileSync } from 'node:fs';
import { gpuTrainingSeconds } from '../cost/functions.ts';
import { allStages, type StageName, stages } from '../stages/index.ts';

export type Json = null | boolean | number | string | Json[] | { [field: string]: Json };
export type TaskHandler = (input: Json) => Promise<Json>;

/** State of the workflow, with the fields that the embedded engine uses. Other fields are kept. */
interface State {
  Type: string;
  Resource?: string;
  Next?: string;
  Default?: string;
  Choices?: { Next: string }[];
  Parameters?: { FunctionName?: string; [parameter: string]: Json | undefined };
  ItemReader?: { Parameters: { [parameter: string]: Json } };
  ItemsPath?: string;
  TimeoutSeconds?: number;
  ResultPath?: string | null;
  ItemProcessor?: Machine;
  Retry?: { ErrorEquals: string[]; [field: string]: Json }[];
}

export interface Machine {
  StartAt: string;
  States: Record<string, State>;
}

/** Reads `infra/workflow.asl.json`; the build puts a copy beside `dist/src`. */
export function readWorkflow(): Machine {
  return JSON.parse(
    readFileSync(new URL('../../infra/workflow.asl.json', import.meta.url), 'utf8'),
  );
}

/**
 * Prepares the workflow to run in this process. Returns the handler of each Task.
 *
 * The interpreter has no ItemReader. Therefore a Task that reads the manifest into the state's
 * items is inserted before each Distributed Map. The timeouts of tasks are those of a local run.
 * The file is not changed otherwise.
 */
export function prepareWorkflow(
  machine: Machine,
  invoke: (task: StageName, event: Json) => Promise<Json>,
  readManifest: (bucket: string, key: string) => Promise<Json>,
): Record<string, TaskHandler> {
  const handlers: Record<string, TaskHandler> = {};
  for (const [name, state] of Object.entries(machine.States)) {
    if (state.Type === 'Task') {
      handlers[name] = taskHandler(state, invoke);
      // Here, a task has no time limit of a function. Timers of Node allow 24 days.
      state.TimeoutSeconds = gpuTrainingSeconds;
    }
    if (state.ItemReader) {
      const reader = `${name}: items`;
      redirect(machine, name, reader);
      machine.States[reader] = {
        Type: 'Task',
        Resource: 'arn:aws:states:::s3:getObject',
        Parameters: state.ItemReader.Parameters,
        ResultPath: '$.items',
        // The interpreter's default is a minute, which a slow or paused read exceeds.
        TimeoutSeconds: gpuTrainingSeconds,
        Retry: [{ ErrorEquals: ['TransientError'], MaxAttempts: 6, JitterStrategy: 'FULL' }],
        Next: name,
      };
      handlers[reader] = (input) => {
        const { Bucket, Key } = input as { Bucket: string; Key: string };
        return readManifest(Bucket, Key);
      };
      state.ItemsPath = '$.items';
      delete state.ItemReader;
    }
    if (state.ItemProcessor) {
      Object.assign(handlers, prepareWorkflow(state.ItemProcessor, invoke, readManifest));
    }
  }
  return handlers;
}

/** Retargets every transition from `from` to `to`. */
function redirect(machine: Machine, from: string, to: string): void {
  if (machine.StartAt === from) machine.StartAt = to;
  for (const state of Object.values(machine.States)) {
    if (state.Next === from) state.Next = to;
    if (state.Default === from) state.Default = to;
    for (const choice of state.Choices ?? []) if (choice.Next === from) choice.Next = to;
  }
}

/** Returns the handler of a Task: its function, or the Train function for the job of AWS Batch. */
function taskHandler(
  state: State,
  invoke: (task: StageName, event: Json) => Promise<Json>,
): TaskHandler {
  if (state.Resource?.startsWith('arn:aws:states:::batch:')) {
    return async (input) => invoke(stages.Train.name, batchEnvironment(input));
  }
  const name = /^\$\{(\w+)Function\}$/.exec(state.Parameters?.FunctionName ?? '')?.[1];
  const task = allStages.find((stage) => stage.name === name);
  if (!task) throw new Error(`the workflow calls ${state.Parameters?.FunctionName}, unknown here`);
  return async (input) => {
    const { Payload } = input as { Payload: Json };
    return { Payload: await invoke(task.name, Payload) };
  };
}

/** Returns the event in the environment variables of the container. */
function batchEnvironment(input: Json): Json {
  const job = input as { ContainerOverrides: { Environment: { Name: string; Value: string }[] } };
  const variables = job.ContainerOverrides.Environment;
  return Object.fromEntries(variables.map(({ Name, Value }) => [Name.toLowerCase(), Value]));
}
