/**
 * Step Functions in memory, below the real SDK client: as much of its API Reference as starting and
 * describing executions needs. The work of an execution is given by the world.
 */
import { ExecutionDoesNotExist, SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { executionArn } from '../../src/aws/executions.ts';
import { named, type World } from './world.ts';

/** The ARN of the simulated state machine. */
export const machine = 'arn:aws:states:eu-west-1:000000000000:stateMachine:simulated';

export type EndStatus = 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface SimulatedExecution {
  readonly name: string;
  readonly arn: string;
  readonly input: string;
  readonly startedAtMs: number;
  status: 'RUNNING' | EndStatus;
  endedAtMs: number;
}

/** Fields of the commands that `src/aws/executions.ts` sends. */
const requestSchema = z.object({
  name: z.string().default(''),
  input: z.string().default(''),
  executionArn: z.string().default(''),
});
type Request = z.infer<typeof requestSchema>;

/** Time in which a description may lack the newest change. */
const staleMs = 3_000;

export class SimulatedStepFunctions {
  /** By name, in the order of their start. */
  readonly executions = new Map<string, SimulatedExecution>();
  readonly #world: World;
  readonly #work: (execution: SimulatedExecution) => Promise<EndStatus>;
  readonly #onChange: (execution: SimulatedExecution) => void;

  /**
   * @param work Does the work of an execution; returns how it ends.
   * @param onChange Called when an execution begins or ends.
   */
  constructor(
    world: World,
    work: (execution: SimulatedExecution) => Promise<EndStatus>,
    onChange: (execution: SimulatedExecution) => void,
  ) {
    this.#world = world;
    this.#work = work;
    this.#onChange = onChange;
    current = this;
  }

  get running(): SimulatedExecution[] {
    return [...this.executions.values()].filter(({ status }) => status === 'RUNNING');
  }

  async send(command: string, request: Request): Promise<object> {
    const { faults } = this.#world;
    await this.#world.pass(2 + this.#world.below(50));
    if (faults.happens('error before the commit')) throw named('ThrottlingException', 'Rate');
    if (command === 'DescribeExecutionCommand') return this.#describe(request.executionArn);
    this.#start(request);
    await this.#world.pass(2 + this.#world.below(50));
    if (faults.happens('lost answer, sent again')) this.#start(request);
    if (faults.happens('error after the commit')) throw named('TimeoutError', 'no answer');
    return {};
  }

  /** The name is taken for ever; the same request again is the same start while it runs. */
  #start({ name, input }: Request): void {
    const present = this.executions.get(name);
    if (present?.status === 'RUNNING' && present.input === input) return;
    if (present) throw named('ExecutionAlreadyExists', name);
    const { nowMs } = this.#world;
    const facts = { name, input, arn: executionArn(machine, name), startedAtMs: nowMs };
    const execution: SimulatedExecution = { ...facts, status: 'RUNNING', endedAtMs: 0 };
    this.executions.set(name, execution);
    this.#onChange(execution);
    this.#world.serve(() => this.#run(execution));
  }

  async #run(execution: SimulatedExecution): Promise<void> {
    const status = await this.#work(execution);
    Object.assign(execution, { status, endedAtMs: this.#world.nowMs });
    this.#onChange(execution);
  }

  /** Descriptions are eventually consistent. */
  #describe(executionArn: string): object {
    const { nowMs, faults } = this.#world;
    const found = [...this.executions.values()].find(({ arn }) => arn === executionArn);
    const isOld = (sinceMs: number) => nowMs - sinceMs > staleMs || !faults.happens('stale status');
    if (!found || !isOld(found.startedAtMs)) {
      throw new ExecutionDoesNotExist({ message: executionArn, $metadata: {} });
    }
    const { status, input, arn } = found;
    const seen = status === 'RUNNING' || isOld(found.endedAtMs) ? status : 'RUNNING';
    return { executionArn: arn, status: seen, input, startDate: new Date() };
  }
}

let current: SimulatedStepFunctions | undefined;
const realSend = SFNClient.prototype.send;

/** Sends requests about the simulated machine to the world in use, and all others as before. */
SFNClient.prototype.send = function send(this: SFNClient, command: object, ...rest: unknown[]) {
  const input = 'input' in command ? command.input : {};
  const { data } = requestSchema.safeParse(input);
  const isSimulated = JSON.stringify(input).includes(':simulated');
  if (!current || !data || !isSimulated) return Reflect.apply(realSend, this, [command, ...rest]);
  return current.send(command.constructor.name, data);
} as typeof realSend;
