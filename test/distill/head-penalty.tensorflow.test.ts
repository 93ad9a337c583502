import { expect, test } from 'vitest';
import { readPenalty, writePenalty } from '../../src/distill/head-penalty.ts';
import type { Job } from '../../src/run/job.ts';
import { plannedRun } from '../support/planned-run.ts';

test('a head with too many weights for the search has no penalty, with a warning', async () => {
  const { job } = await plannedRun({
    student: '{ architecture: mlp }',
    teacher: '{ train: { architecture: mlp } }',
  });
  const [encoder, head] = ['models/encoder', 'linear'] as const;
  const student = {
    ...job.plan.config.student,
    architecture: undefined,
    encoder: { path: encoder },
    head,
  };
  const features = { kind: 'vector', length: 9_000_000 } as const;
  const encoders = [{ configs: [{ path: encoder }], digest: 'abc', dimension: 9_000_000 }];
  const config = { ...job.plan.config, student };
  const large = { ...job, plan: { ...job.plan, config, features, encoders } } as unknown as Job;
  const messages: (string | undefined)[] = [];
  const report = ({ message }: { message?: string }) => messages.push(message);
  await writePenalty(large, { signal: new AbortController().signal, report });
  expect(await readPenalty(large)).toEqual({ strength: 0, scale: 1 });
  expect(messages.join()).toMatch(/has no penalty, .* weights, more than 8,388,608. Set student/);
});
