import { expect, test } from 'vitest';
import { Quarantine } from '../../src/distill/quarantine.ts';
import { reasonLines } from '../../src/evaluate/quarantine-reasons.ts';

test('counts by reason, whatever names and numbers it has', () => {
  const quarantine = new Quarantine();
  quarantine.usable = 90;
  for (let row = 0; row < 3; row++) {
    quarantine.add({ id: `a.csv:${row}`, reason: `Row ${row} has 5 fields; expected 4.` });
  }
  quarantine.add({ id: 'b.tar', reason: "The archive ends in '000017.png'.", lost: 6 });
  quarantine.add({ id: 'c.tar', reason: "The archive ends in 'x.png'." });
  expect(quarantine.unusable).toBe(10);
  const reasons = quarantine.reasons();
  expect(reasons).toEqual([
    { reason: "The archive ends in '000017.png'.", examples: 7 },
    { reason: 'Row 0 has 5 fields; expected 4.', examples: 3 },
  ]);
  expect(reasonLines(reasons, 1)).toEqual([
    "7 examples: The archive ends in '000017.png'.",
    '3 examples: other reasons',
  ]);
  expect(() => quarantine.requireFew('unlabeled', 0.1)).not.toThrow();
  expect(() => quarantine.requireFew('unlabeled', 0.09)).toThrow(
    /^10 of 100 examples of the unlabeled set cannot be used.*limit of 9%/,
  );
});

test('the counts by reason are complete, also with very many reasons', () => {
  const quarantine = new Quarantine();
  for (let row = 0; row < 150; row++) {
    quarantine.add({ id: `${row}`, reason: `It has ${'x'.repeat(row)}.` });
  }
  const reasons = quarantine.reasons();
  expect(reasons).toHaveLength(101);
  expect(reasons[0]).toEqual({ reason: `Other reasons: It has ${'x'.repeat(100)}.`, examples: 50 });
});
