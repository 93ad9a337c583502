/**
 * Adapts aws-local-stepfunctions. No other file imports it, so that all workarounds are in one
 * place.
 */
import { ExecutionError, StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import type { Json, Machine, TaskHandler } from './workflow.ts';

// aws-local-stepfunctions calls it, and Node 20 lacks it.
Promise.withResolvers ??= function withResolvers<T>() {
  let resolve!: (value: T | PromiseLike<T>) => void;
  let reject!: (reason?: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
};

/** Event of a running machine: `type` is 'StateEntered' and the like. */
interface WorkflowEvent {
  readonly type: string;
  readonly state?: { readonly name: string };
}

/**
 * Starts a state machine whose tasks are functions of this process.
 *
 * @returns Its result: null after `abort`; rejects with the error of the task that failed.
 */
export function interpret(
  machine: Machine,
  input: Json,
  handlers: Record<string, TaskHandler>,
): { result: Promise<unknown>; abort: () => void; eventLogs: AsyncIterable<WorkflowEvent> } {
  // The types require literals, which a parsed file does not have. A test checks the definition:
  // here the check would take a second per run.
  const definition = machine as unknown as StateMachineDefinition;
  const validationOptions = { noValidate: true };
  const { result, ...execution } = new StateMachine(definition, { validationOptions }).run(input, {
    overrides: { taskResourceLocalHandlers: handlers },
    noThrowOnAbort: true,
  });
  return { ...execution, result: result.catch(throwError) };
}

/** Throws the error of the task: the interpreter wraps it, once more in every Map. */
function throwError(error: unknown): never {
  throw error instanceof ExecutionError && error.cause !== undefined
    ? throwError(error.cause)
    : error;
}
