/** The only file that imports aws-local-stepfunctions, so that its gaps are filled in one place. */
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import type { Json, Machine, TaskHandler } from './workflow.ts';

// Node 20 lacks it, and aws-local-stepfunctions calls it.
Promise.withResolvers ??= function withResolvers<T>() {
  let resolve!: (value: T | PromiseLike<T>) => void;
  let reject!: (reason?: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
};

/** What happens in a running machine: `type` is 'StateEntered' and the like. */
interface WorkflowEvent {
  readonly type: string;
  readonly state?: { readonly name: string };
}

/**
 * Starts a state machine whose tasks are functions of this process.
 * @returns its result, which is null after `abort` and else rejects when the machine fails.
 */
export function interpret(
  machine: Machine,
  input: Json,
  handlers: Record<string, TaskHandler>,
): { result: Promise<unknown>; abort: () => void; eventLogs: AsyncIterable<WorkflowEvent> } {
  // Its types want literals, which a file cannot give; it checks the definition itself.
  const definition = machine as unknown as StateMachineDefinition;
  const validationOptions = { checkArn: false };
  return new StateMachine(definition, { validationOptions }).run(input, {
    overrides: { taskResourceLocalHandlers: handlers },
    noThrowOnAbort: true,
  });
}
