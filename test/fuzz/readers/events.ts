/** Events of functions and of the workflow's tasks, with AWS that has nothing. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { ExecutionDoesNotExist, SFNClient } from '@aws-sdk/client-sfn';
import type { z } from 'zod';
import { createAnnounceHandler } from '../../../functions/announce.ts';
import { createFollowHandler } from '../../../functions/follow.ts';
import { createServeHandler } from '../../../functions/serve.ts';
import { createStartHandler } from '../../../functions/start.ts';
import { UserError } from '../../../src/errors.ts';
import { jobEvent, shardEvent, variantEvent } from '../../../src/run/events.ts';
import { openJob } from '../../../src/run/job.ts';
import { keys } from '../../../src/run/keys.ts';
import { entry, type Handler } from '../../../src/stages/entry.ts';
import { mutateJson } from '../json.ts';
import { unlessRefused } from '../read-set.ts';
import type { FuzzedReader } from '../reader.ts';

export const events: FuzzedReader = {
  name: 'events',
  samples: ['test/fuzz/corpus/events'],
  mutate: mutateJson,
  async read(bytes) {
    handlers ??= makeHandlers();
    const event = parse(bytes.toString('utf8'));
    for (const handle of handlers) {
      await unlessRefused(async () => {
        const answer = await handle(event, { signal: new AbortController().signal, report() {} });
        JSON.stringify(answer);
      });
    }
  },
};

let handlers: readonly Handler[] | undefined;

/** Lambda does the same before the function is called. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError('Lambda refuses the event');
  }
}

function makeHandlers(): readonly Handler[] {
  replaceAws();
  const RESULTS = mkdtempSync(join(tmpdir(), 'fuzz-events-'));
  const STATE_MACHINE = 'arn:aws:states:eu-west-1:000000000000:stateMachine:fuzzed';
  Object.assign(process.env, {
    RESULTS,
    STATE_MACHINE,
    DATASET: 'reviews',
    AWS_REGION: 'eu-west-1',
  });
  return [
    createStartHandler(),
    createFollowHandler(),
    createAnnounceHandler(),
    createServeHandler(),
    stage(jobEvent, () => ''),
    stage(shardEvent, ({ run, shard }) => keys.objects(run, shard.objects)),
    stage(variantEvent, ({ run, variant }) => keys.student(run, variant)),
  ];
}

/** Opens the run of an event, as each stage does first. Its results are always in the folder. */
function stage<Event extends z.infer<typeof jobEvent>>(
  schema: z.ZodType<Event>,
  keyOf: (event: Event) => string,
): Handler {
  return entry('A stage', schema, async (event) => {
    keyOf(event);
    await openJob({ ...event, results: process.env.RESULTS! });
  });
}

/** Answers as AWS without objects and executions. */
function replaceAws(): void {
  const answer = async (command: object) => {
    if (/^(Get|Head)Object/.test(command.constructor.name)) {
      const $metadata = { httpStatusCode: 404 };
      throw Object.assign(new Error('NoSuchKey'), { name: 'NoSuchKey', $metadata });
    }
    if (command.constructor.name === 'DescribeExecutionCommand') {
      throw new ExecutionDoesNotExist({ message: '', $metadata: {} });
    }
    return {};
  };
  for (const client of [S3Client, SFNClient, EventBridgeClient]) {
    Object.assign(client.prototype, { send: answer });
  }
}
