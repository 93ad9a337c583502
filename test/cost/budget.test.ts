import { describe, expect, test } from 'vitest';
import { billOf } from '../../src/cost/bill.ts';
import { checkBudget, withoutStudents } from '../../src/cost/budget.ts';
import { UserError } from '../../src/errors.ts';

/** A GPU for 30 hours: $30.66. */
const bill = billOf(
  [
    {
      task: 'Train',
      resource: 'g5.xlarge-ondemand',
      calls: 1,
      seconds: 30 * 3600 - 300,
      gets: 0,
      puts: 0,
    },
  ],
  { shards: 0, unlabeledShards: 0, variants: 1, storedBytes: 0 },
);

/** Returns why the run is refused; undefined if it is not. */
function refusal(configUsd: number, deploymentUsd?: number): UserError | undefined {
  try {
    checkBudget(bill, { configUsd, deploymentUsd });
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

describe('the budget', () => {
  test('allows a run that costs no more than it, to the cent', () => {
    const { totalUsd } = bill;
    expect(refusal(totalUsd)).toBeUndefined();
    expect(refusal(totalUsd, totalUsd)).toBeUndefined();
    expect(refusal(totalUsd - 0.01)).toBeInstanceOf(UserError);
    expect(refusal(totalUsd, totalUsd - 0.01)).toBeInstanceOf(UserError);
  });

  test('of the config stops a run, and the error names what makes it cheaper', () => {
    const { message, hint } = refusal(20)!;
    expect(message).toBe(
      'the run is estimated to cost $30.66, more than $20.00, limits.budgetUsd in distill.yaml. ' +
        'Most of that is Train: $30.66',
    );
    expect(hint).toBe(
      'To make it cheaper: fewer student.epochs, a smaller student, fewer of compare, fewer ' +
        'relabel.rounds, or method: weighted, which trains one student where relabel trains many.\n' +
        'To allow it, set limits.budgetUsd to 31.',
    );
    expect(refusal(20, 25)!.message).toContain('limits.budgetUsd');
  });

  test('of the deployment stops a run that its config allows', () => {
    const { message, hint } = refusal(1000, 25)!;
    expect(message).toContain('$25.00, the most that this deployment lets a run cost');
    expect(hint).toContain('counterweight deploy --budget 31');
  });

  test('of a run that ends with labels counts no training of students', () => {
    expect(withoutStudents(bill).totalUsd).toBeCloseTo(0, 2);
    expect(withoutStudents(bill).lines.map(({ what }) => what)).not.toContain('Train');
  });
});
