import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomFor } from '../../src/data/random.ts';
import {
  createTeacherMeter,
  describeAccuracy,
  type TeacherOrigin,
} from '../../src/evaluate/teacher-judgement.ts';

/** Judges answers to labels, both by index. */
function judge(
  classes: readonly string[],
  pairs: Iterable<readonly [number, number]>,
  origin: TeacherOrigin = 'supplied',
) {
  const meter = createTeacherMeter(classes, origin, { isMultiLabel: false });
  for (const [label, answer] of pairs) meter.add([label], [answer]);
  return meter.result();
}

const digits = Array.from({ length: 12 }, (_, index) => String(index));

describe('the judgement of a teacher', () => {
  test('is undefined without labels', () => {
    expect(judge(['a', 'b'], [])).toBeUndefined();
  });

  test('has the accuracy with its interval', () => {
    const pairs = Array.from(
      { length: 100 },
      (_, index) => [index % 2, index % 10 === 0 ? 1 - (index % 2) : index % 2] as const,
    );
    const found = judge(['a', 'b'], pairs)!;
    expect(found.accuracy.value).toBe(0.9);
    expect(found.warnings).toEqual([]);
    expect(
      describeAccuracy({ ...found, sets: ['labeled', 'validation'], beforeCalibration: false }),
    ).toBe(
      'The teacher is right on 90.0% (82.6% to 94.5%) of 100 labels in labeled/ and validation/.',
    );
  });

  test('names the order of folders sorted as texts', () => {
    const texts = [...digits].sort();
    const pairs = Array.from(
      { length: 60 },
      (_, index) => [index % 12, texts.indexOf(String(index % 12))] as const,
    );
    expect(judge(digits, pairs)!.warnings).toEqual([
      'The teacher seems to have the classes in another order than task.classes: sorted as texts, as ImageFolder and Keras sort folders. It is right on 16.7% of 60 labels, and on 100.0% in this order: set task.classes: [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9].',
    ]);
  });

  test('finds any order from noisy answers, and names it as the teacher has it', () => {
    const orders = fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 });
    fc.assert(
      fc.property(orders, fc.nat(), (order, seed) => {
        const names = ['a', 'b', 'c', 'd', 'e', 'f'];
        const random = randomFor(seed);
        const pairs = Array.from({ length: 240 }, (_, index) => {
          const label = index % 6;
          const answer = random() < 0.2 ? Math.floor(random() * 6) : order.indexOf(label);
          return [label, answer] as const;
        });
        const moved = order.filter((label, index) => label !== index).length;
        const { warnings } = judge(names, pairs)!;
        const named = `set task.classes: [${order.map((label) => names[label]).join(', ')}].`;
        if (moved >= 3) expect(warnings.join()).toContain(named);
        if (moved === 0) expect(warnings).toEqual([]);
      }),
    );
  });

  test('finds no order in random answers', () => {
    const random = randomFor(5);
    for (let draw = 0; draw < 50; draw++) {
      const pairs = Array.from(
        { length: 60 },
        () => [Math.floor(random() * 10), Math.floor(random() * 10)] as const,
      );
      expect(judge(digits.slice(0, 10), pairs)!.warnings.join()).not.toContain('another order');
    }
  });

  test('a teacher that guesses', () => {
    const pairs = Array.from({ length: 80 }, (_, index) => [index % 2, (index >> 1) % 2] as const);
    expect(judge(['a', 'b'], pairs)!.warnings).toEqual([
      'The teacher is right on 50.0% (39.3% to 60.7%) of 80 labels, which is not clearly better than guessing (50.0%). Check the order of task.classes, and that the teacher gets the input it was trained with.',
    ]);
    expect(judge(['a', 'b'], pairs, 'trained here')!.warnings).toEqual([
      'The teacher is right on 50.0% (39.3% to 60.7%) of 80 labels, which is not clearly better than guessing (50.0%). Check the labels, and that the examples show the classes. More labels or another teacher.train may help.',
    ]);
  });

  test('a teacher that is trained here has the classes in order', () => {
    const swapped = Array.from({ length: 80 }, (_, index) => [index % 2, 1 - (index % 2)] as const);
    expect(judge(['a', 'b'], swapped)!.warnings[0]).toContain('set task.classes: [b, a]');
    expect(judge(['a', 'b'], swapped, 'trained here')!.warnings[0]).toContain('Check the labels');
  });

  test('a teacher that always gives the commonest class, or another one', () => {
    const labels = Array.from({ length: 100 }, (_, index) => (index % 10 === 0 ? 1 : 0));
    const [common] = judge(
      ['sound', 'broken'],
      labels.map((label) => [label, 0] as const),
    )!.warnings;
    expect(common).toContain('no better than always answering sound (90.0%)');
    const [rare] = judge(
      ['sound', 'broken'],
      labels.map((label) => [label, 1] as const),
    )!.warnings;
    expect(rare).toContain('not clearly better than guessing');
  });
});

describe('the judgement of a teacher of several labels', () => {
  /** Judges answers, each with the true decisions. */
  function judgeLabels(pairs: Iterable<readonly [readonly number[], readonly number[]]>) {
    const meter = createTeacherMeter(['a', 'b'], 'supplied', { isMultiLabel: true });
    for (const [decided, answers] of pairs) meter.add(decided, answers);
    return meter.result();
  }

  test('is undefined without labels', () => {
    expect(judgeLabels([])).toBeUndefined();
  });

  test('has the share of right decisions', () => {
    const found = judgeLabels(
      Array.from(
        { length: 100 },
        (_, i) =>
          [
            [i % 2, 0],
            [i % 2, Number(i % 10 === 0)],
          ] as const,
      ),
    )!;
    expect(found).toMatchObject({ examples: 100, decisions: 200, warnings: [] });
    expect(found.accuracy.value).toBe(0.95);
    const described = describeAccuracy({ ...found, sets: ['labeled'], beforeCalibration: false });
    expect(described).toMatch(
      /^The teacher is right on 95\.0% \(.*\) of 200 decisions about the labels of 100 examples in labeled\/\.$/,
    );
  });

  test('decisions that are right or wrong together count as one', () => {
    const together = judgeLabels(
      Array.from({ length: 100 }, (_, i) => [[1, 0], i % 10 === 0 ? [0, 1] : [1, 0]] as const),
    )!;
    const single = judge(
      ['a', 'b'],
      Array.from({ length: 100 }, (_, i) => [0, Number(i % 10 === 0)] as const),
    )!;
    expect(together.accuracy.value).toBe(single.accuracy.value);
    expect(together.accuracy.low).toBeCloseTo(single.accuracy.low, 2);
    expect(together.accuracy.high).toBeCloseTo(single.accuracy.high, 2);
  });

  test('warns if the more frequent answers are right as often', () => {
    const pairs = Array.from(
      { length: 100 },
      (_, i) =>
        [
          [Number(i % 10 === 0), 1],
          [0, 1],
        ] as const,
    );
    const { warnings } = judgeLabels(pairs)!;
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(
      'of 200 decisions about labels, which is no better than always giving the more frequent answer to each label (95.0%). Check the order of task.classes',
    );
  });
});
