import type { ChildProcess } from 'node:child_process';
import type { clientEnv } from '../../src/aws/localstack.ts';

export interface LocalStack {
  /** Address, such as `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  /** Path of its log. */
  readonly log: string;
  /** Variables by which AWS's clients and tools find it. */
  readonly env: ReturnType<typeof clientEnv>;
  /** Ends it and all of its functions. */
  stop(): Promise<void>;
}

/**
 * Program that runs LocalStack, and how to end it with its children. It may have ended by itself.
 */
export interface Server {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  end(child: ChildProcess): unknown;
}
