import { describe, expect, test } from 'vitest';
import { renderChecks } from '../../src/cli/doctor.ts';
import { renderSummary } from '../../src/cli/summary.ts';
import type { RunSummary } from '../../src/engines/embedded.ts';
import { sampleLabelMetrics, sampleMetrics } from '../support/sample-metrics.ts';
import { FakeTerminal } from './terminals.ts';

const summary: RunSummary = {
  run: 'cifar-2f7a91c04be3',
  results: '/data/results',
  report: 'runs/cifar-2f7a91c04be3/report.html',
  student: 'runs/cifar-2f7a91c04be3/students/weighted/',
  metrics: sampleMetrics(),
  labelCache: { shards: 12, reused: 12 },
  published: true,
  publication: 'weighted is the first student of this dataset',
  seconds: 1548.6,
};

describe('the summary of a run', () => {
  test('has the figures, the verdict and what to do next', () => {
    expect(renderSummary(summary, new FakeTerminal(), 'data/cifar')).toMatchInlineSnapshot(`
      "
                   accuracy (95% interval)  recall     F1  log-loss  calibration      size
      teacher       79.3% (78.4% to 80.2%)   78.8%  78.6%     0.710         8.1%         –
      logistic      40.2% (39.3% to 41.1%)   39.7%  39.5%     1.710         3.1%  84.0 KiB
      labels-only   74.1% (73.2% to 75.0%)   73.6%  73.4%     0.830         9.5%   376 KiB
      uniform       80.1% (79.2% to 81.0%)   79.6%  79.4%     0.655         6.2%   376 KiB
      weighted      81.4% (80.5% to 82.3%)   80.9%  80.7%     0.604         3.4%   376 KiB
      recall, F1: means over the classes; calibration: calibration error, smaller is better
      logistic, labels-only: models of the labels alone

      Best: weighted, right on 81.4% of the test set. Distillation helped: the weighted student is 7.3 percentage points more accurate than labels-only, the better model of the labels alone.
      Paired on the same 10,000 examples: 95% interval +6.4 to +8.3, which excludes 0.
      The weighted student is 1.3 percentage points more accurate than the uniform one.
      Paired on the same 10,000 test examples: 95% interval +0.6 to +2.1, which excludes 0.

      quarantined: 3 of 50,003 examples
        2 examples: The image cannot be decoded: premature end of JPEG image.
        1 example: The file has 71303168 bytes; at most 64 MiB are read.
      labels: 12 of 12 shards from the cache
      report: /data/results/runs/cifar-2f7a91c04be3/report.html
      student: /data/results/runs/cifar-2f7a91c04be3/students/weighted/
      published: weighted is the first student of this dataset

      Done in 25 min 49 s. Open the report in a browser.
      Predict files with
        counterweight predict /data/results/runs/cifar-2f7a91c04be3/students/weighted data/cifar/test --out predictions.csv
      or load the student in TypeScript with
        await loadStudent("/data/results/runs/cifar-2f7a91c04be3/students/weighted")"
    `);
  });

  test('has micro F1 first in a multi-label task', () => {
    const text = renderSummary(
      { ...summary, metrics: sampleLabelMetrics() },
      new FakeTerminal(),
      'data',
    );
    const [, head, teacher] = text.split('\n');
    expect(`${head}\n${teacher}`).toMatchInlineSnapshot(`
      "             micro F1 (95% interval)  recall     F1     AP  exact  log-loss  calibration      size
      teacher       69.3% (67.3% to 71.3%)   78.8%  78.6%  74.3%  49.3%     0.710         8.1%         –"
    `);
    expect(text).toContain('weighted, with a micro F1 of 71.4% on the test set');
  });

  test('names the only model of the labels alone', () => {
    const { baselines, metrics } = sampleMetrics();
    const { logistic, ...models } = metrics.models;
    expect(logistic).toBeDefined();
    const only = sampleMetrics({ baselines, metrics: { ...metrics, models } });
    expect(renderSummary({ ...summary, metrics: only }, new FakeTerminal(), 'data')).toContain(
      '\nlabels-only: a model of the labels alone\n',
    );
  });

  test('states that no example was quarantined', () => {
    const metrics = sampleMetrics({ quarantined: 0, quarantineReasons: [] });
    expect(renderSummary({ ...summary, metrics }, new FakeTerminal(), 'data')).toContain(
      '\nquarantined: none\n',
    );
  });

  test('warns if the figures are on data that the weights saw', () => {
    const metrics = sampleMetrics({ evaluatedOn: 'validation' });
    const text = renderSummary({ ...summary, metrics }, new FakeTerminal(), 'data');
    expect(text).toContain(
      'warning: These figures are on the validation set, from which the weights',
    );
  });

  test('gives places in S3 as URLs', () => {
    const text = renderSummary(
      { ...summary, results: 's3://bucket/out/' },
      new FakeTerminal(),
      'my data/',
    );
    expect(text).toContain('report: s3://bucket/out/runs/cifar-2f7a91c04be3/report.html');
    expect(text).toContain(
      "counterweight predict s3://bucket/out/runs/cifar-2f7a91c04be3/students/weighted 'my data/test'",
    );
  });

  test('has colours on a terminal only', () => {
    expect(
      renderSummary(summary, new FakeTerminal({ live: true, colors: true }), 'data'),
    ).toContain('\u001b[');
    expect(renderSummary(summary, new FakeTerminal({ live: true }), 'data')).not.toContain(
      '\u001b[',
    );
  });
});

test('doctor shows every check, and the fix of those that fail', () => {
  const checks = [
    { name: 'Node.js', ok: true, detail: '20.20.2', fix: 'not shown' },
    {
      name: 'pip',
      ok: false,
      detail: 'not found',
      fix: 'Debian: apt-get install pip\nmacOS: brew',
    },
  ];
  expect(renderChecks(checks, new FakeTerminal())).toBe(
    `✓ Node.js: 20.20.2
✗ pip: not found
    Debian: apt-get install pip
    macOS: brew

1 of 2 failed.`,
  );
});
