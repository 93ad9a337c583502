import { describe, expect, test } from 'vitest';
import { createProgress } from '../../src/cli/progress.ts';
import { FakeTerminal } from './terminals.ts';

/** A progress view with a clock that the test turns. */
function view(terminal: FakeTerminal) {
  const clock = { seconds: 0 };
  return { clock, progress: createProgress(terminal, () => clock.seconds * 1000) };
}

describe('on a pipe', () => {
  test('a stage has a line at its start, one every ten seconds at most, and one at its end', () => {
    const terminal = new FakeTerminal();
    const { clock, progress } = view(terminal);
    for (; clock.seconds <= 25; clock.seconds++) {
      const done = clock.seconds * 100;
      progress.update({ stage: 'Label', done, total: 2600, unit: 'examples' });
    }
    progress.update({ stage: 'WarmUp' });
    clock.seconds += 3;
    progress.end(true);
    expect(terminal.text).toMatchInlineSnapshot(`
      "Label …
        Label 1,000 of 2,600 examples (38%), 100/s, 16 s left
        Label 2,000 of 2,600 examples (77%), 100/s, 6.0 s left
      ✓ Label 2,500 examples in 26 s
      WarmUp …
      ✓ WarmUp in 3.0 s
      "
    `);
  });

  test('messages are shown at once, once, and without escape codes', () => {
    const terminal = new FakeTerminal();
    const { progress } = view(terminal);
    progress.update({ stage: 'Plan', message: 'No test set.', level: 'warning' });
    progress.update({ stage: 'Plan', message: '12 shards.' });
    progress.end(false);
    expect(terminal.text).toBe(
      'warning: No test set.\nPlan …\n· 12 shards.\n- Plan stopped after 0.0 s\n',
    );
  });

  test('parts of a stage that work side by side are added up', () => {
    const terminal = new FakeTerminal();
    const { clock, progress } = view(terminal);
    progress.update({ stage: 'Label', part: 'a', done: 0, total: 100, unit: 'examples' });
    progress.update({ stage: 'Label', part: 'b', done: 20, total: 100, unit: 'examples' });
    clock.seconds = 10;
    progress.update({ stage: 'Label', part: 'a', done: 60, total: 100, unit: 'examples' });
    clock.seconds = 20;
    // A part that begins again, after a retry, does not count twice.
    progress.update({ stage: 'Label', part: 'a', done: 40, total: 100, unit: 'examples' });
    expect(terminal.text).toBe(
      'Label …\n' +
        '  Label 80 of 200 examples (40%), 8.0/s, 15 s left\n' +
        '  Label 60 of 200 examples (30%), 3.0/s, 47 s left\n',
    );
  });

  test('a stage may count itself in other units than its parts do', () => {
    const terminal = new FakeTerminal();
    const { clock, progress } = view(terminal);
    progress.update({ stage: 'Label', done: 0, total: 4, unit: 'shards' });
    progress.update({ stage: 'Label', part: 'a', done: 0, unit: 'examples' });
    clock.seconds = 10;
    progress.update({ stage: 'Label', part: 'a', done: 500, total: 500, unit: 'examples' });
    clock.seconds = 20;
    progress.update({ stage: 'Label', done: 1, total: 4, unit: 'shards' });
    progress.end(true);
    expect(terminal.text).toMatchInlineSnapshot(`
      "Label …
        Label 500 examples, 0 of 4 shards (0%), 50/s
        Label 500 examples, 1 of 4 shards (25%), 25/s, 1 min 0 s left
      ✓ Label 500 examples in 20 s
      "
    `);
  });

  test('parts are done of a total that is known before they begin', () => {
    const terminal = new FakeTerminal();
    const { clock, progress } = view(terminal);
    progress.update({ stage: 'Train', total: 1000, unit: 'steps' });
    progress.update({ stage: 'Train', part: 'round 1', done: 0, total: 100, unit: 'steps' });
    clock.seconds = 10;
    progress.update({ stage: 'Train', part: 'round 1', done: 100, total: 100, unit: 'steps' });
    // Another student begins, and reports the same total.
    progress.update({ stage: 'Train', total: 1000, unit: 'steps' });
    // Other work of the stage counts in other units.
    progress.update({ stage: 'Train', part: 'shard 1', done: 5000, unit: 'examples' });
    clock.seconds = 20;
    progress.update({ stage: 'Train', part: 'round 2', done: 100, total: 100, unit: 'steps' });
    progress.end(true);
    expect(terminal.text).toMatchInlineSnapshot(`
      "Train …
        Train 100 of 1,000 steps (10%)
        Train 200 of 1,000 steps (20%), 10/s, 1 min 20 s left
      ✓ Train 200 steps in 20 s
      "
    `);
  });

  test('work that may be left out gives a range, and then shortens the total', () => {
    const terminal = new FakeTerminal();
    const { clock, progress } = view(terminal);
    const rounds = { stage: 'Train', part: 'student, rounds' };
    progress.update({ stage: 'Train', total: 1000, unit: 'steps' });
    progress.update({ ...rounds, optional: 700 });
    for (const seconds of [5, 10]) {
      clock.seconds = seconds;
      progress.update({ stage: 'Train', part: 'round 1', done: 10 * seconds, unit: 'steps' });
    }
    clock.seconds = 20;
    progress.update({ ...rounds, optional: 0, skipped: 700 });
    progress.update({ stage: 'Train', part: 'student', done: 100, unit: 'steps' });
    clock.seconds = 30;
    progress.update({ stage: 'Train', part: 'student', done: 200, unit: 'steps' });
    expect(terminal.text).toMatchInlineSnapshot(`
      "Train …
        Train 100 of 1,000 steps (10%), 10/s, 20 s to 1 min 30 s left
        Train 100 of 300 steps (33%), 10/s, 20 s left
        Train 300 of 300 steps (100%), 10/s, 0.0 s left
      "
    `);
  });

  test('slow first steps do not lengthen the time left', () => {
    const terminal = new FakeTerminal();
    const { clock, progress } = view(terminal);
    let done = 0;
    for (; clock.seconds <= 20; clock.seconds += 0.5) {
      progress.update({ stage: 'Train', part: 'student', done, total: 1000, unit: 'steps' });
      done += clock.seconds < 4 ? 1 : 20;
    }
    expect(terminal.text).toBe(
      'Train …\n' +
        '  Train 248 of 1,000 steps (25%), 40/s, 19 s left\n' +
        '  Train 648 of 1,000 steps (65%), 40/s, 9.0 s left\n',
    );
  });

  test('a late word from a stage that is over is not a new stage', () => {
    const terminal = new FakeTerminal();
    const { progress } = view(terminal);
    progress.update({ stage: 'Label', done: 1, total: 1 });
    progress.update({ stage: 'Weigh', done: 0, total: 1 });
    progress.update({ stage: 'Label', done: 1, total: 1 });
    progress.end(true);
    expect(terminal.text).toBe('Label …\n✓ Label 1 in 0.0 s\nWeigh …\n✓ Weigh in 0.0 s\n');
  });
});

describe('on a terminal', () => {
  test('one line changes in place and never wraps', () => {
    for (const columns of [20, 40, 60, 80, 200]) {
      const terminal = new FakeTerminal({ live: true, columns });
      const { clock, progress } = view(terminal);
      for (; clock.seconds < 100; clock.seconds++) {
        const done = clock.seconds * 1000;
        progress.update({ stage: 'Label', part: 'all', done, total: 100_000, unit: 'examples' });
        expect(terminal.screen.length).toBeLessThan(columns);
      }
      expect(terminal.text).not.toContain('\n');
    }
  });

  test('shows bar, count, rate and time left', () => {
    const terminal = new FakeTerminal({ live: true });
    const { clock, progress } = view(terminal);
    progress.update({ stage: 'Train', part: 'weighted', done: 0, total: 400, unit: 'steps' });
    clock.seconds = 5;
    progress.update({ stage: 'Train', part: 'weighted', done: 100, total: 400, unit: 'steps' });
    expect(terminal.screen).toBe(
      '━━━━━━──────────────────  Train 100 of 400 steps (25%)  20/s  15 s left',
    );
    progress.update({ stage: 'Train', message: 'Weights are all 1.', level: 'warning' });
    progress.end(true);
    expect(terminal.screen).toBe('warning: Weights are all 1.\n✓ Train 100 steps in 5.0 s\n');
  });

  test('is redrawn at most ten times per second', () => {
    const terminal = new FakeTerminal({ live: true });
    const { clock, progress } = view(terminal);
    for (let done = 0; done < 1000; done++) {
      clock.seconds = done / 1000;
      progress.update({ stage: 'Label', done, total: 1000 });
    }
    expect(terminal.text.split('\r').length - 1).toBeLessThanOrEqual(11);
  });

  test('colours only where the terminal has them', () => {
    const texts = [true, false].map((colors) => {
      const terminal = new FakeTerminal({ live: true, colors });
      const { progress } = view(terminal);
      progress.update({ stage: 'Label', done: 1, total: 2 });
      return terminal.text;
    });
    expect(texts[0]).toContain('\u001b[36m');
    expect(texts[1]).not.toContain('\u001b[36m');
  });
});
