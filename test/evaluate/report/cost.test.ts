import { describe, expect, test } from 'vitest';
import { costSection } from '../../../src/evaluate/report/cost.ts';
import { renderReport } from '../../../src/evaluate/report/report.ts';
import { sampleMetrics } from '../../support/sample-metrics.ts';

const bill = {
  lines: [
    { what: 'Label', quantity: 812.4, unit: 'GB-s', usd: 0.01354 },
    { what: 'Train', quantity: 1.5, unit: 'h of g5.xlarge-spot', usd: 0.771 },
  ],
  totalUsd: 0.78454,
  pricesAsOf: '2026-11-25',
  region: 'us-east-1',
  notes: ['<p3>-spot, 1.1 h: its price is not known here.'],
  estimatedUsd: 1.24,
};

describe('what a run cost', () => {
  test('is in the report by line, with the total beside the estimate', () => {
    const report = renderReport(sampleMetrics({ bill }));
    expect(report).toContain('<h2>Cost</h2>');
    for (const text of [
      '<th scope="row">Label</th><td>812</td><td class="text">GB-s</td><td>$0.014</td>',
      '<th scope="row">Train</th><td>1.5</td><td class="text">h of g5.xlarge-spot</td><td>$0.77</td>',
      'Total</th><td>$0.78</td>',
      'Estimated before the run, with Evaluate and Publish</th><td>$1.24</td>',
      'prices of us-east-1 as of 2026-11-25',
      'Evaluate, which writes this report, and Publish, which follows, are not included',
      '&lt;p3&gt;-spot',
    ]) {
      expect(report).toContain(text);
    }
    expect(report).not.toContain('<p3>');
  });

  test('is not where nothing was recorded', () => {
    expect(costSection(sampleMetrics())).toBe(false);
    expect(renderReport(sampleMetrics())).not.toContain('<h2>Cost</h2>');
  });
});
