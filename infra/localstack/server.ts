import type { ChildProcess } from 'node:child_process';

export interface LocalStack {
  /** Address, such as `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  /** Path of its log. */
  readonly log: string;
  /** Variables by which AWS's clients and tools find it. */
  readonly env: ClientEnv;
  /** Ends it and all of its functions. */
  stop(): Promise<void>;
}

export type ClientEnv = ReturnType<typeof clientEnv>;

/**
 * Program that runs LocalStack, and how to end it with its children. It may have ended by itself.
 */
export interface Server {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  end(child: ChildProcess): unknown;
}

export function clientEnv(endpoint: string) {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
}
