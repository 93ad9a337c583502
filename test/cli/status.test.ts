import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunStatus } from '../../src/aws/status.ts';
import { type Observation, RunObserver } from '../../src/cli/run-observer.ts';
import { follow } from '../../src/cli/status.ts';
import { renderRuns, renderStatus } from '../../src/cli/status-text.ts';
import { createStatusView, type StatusView } from '../../src/cli/status-view.ts';
import { TransientError } from '../../src/errors.ts';
import { executionOf } from '../support/fake-aws.ts';
import { failed, inLabel, inTraining, second, succeeded } from './observations.ts';
import { FakeTerminal } from './terminals.ts';

function shown(seen: Observation): string {
  return renderStatus(seen, new FakeTerminal());
}

describe('the status of a run', () => {
  test('at its shards has counts, rate and time left', () => {
    expect(shown(inLabel(304, 12_340))).toMatchInlineSnapshot(`
      "cifar-2f7a91c04be3: running for 5 min 4 s
      s3://data/cifar

      ✓ Plan            done in 4.0 s
      – Train teacher   not needed
      ▸ Label           running for 5 min 0 s  12,340 of 50,000 shards (25%), 3 failed, 100 at once, 41/s, 15 min 20 s left
      · Reconcile       waiting
      · Warm up         waiting
      · Weigh           waiting
      · Train variants  waiting
      · Evaluate        waiting
      · Publish         waiting

      cost so far: $3.10, estimated $12.50"
    `);
  });

  test('in training names the students', () => {
    expect(shown(inTraining(1500))).toMatchInlineSnapshot(`
      "cifar-2f7a91c04be3: running for 25 min 0 s
      s3://data/cifar

      ✓ Plan            done in 4.0 s
      – Train teacher   not needed
      ✓ Label           done in 21 min 36 s     50,000 shards
      ✓ Reconcile       done in 21 min 36 s
      ✓ Warm up         done in 21 min 36 s
      ✓ Weigh           done in 21 min 36 s
      ▸ Train variants  running for 3 min 20 s  1 of 3 students, training: weighted
      · Evaluate        waiting
      · Publish         waiting

      cost so far: $3.10, estimated $12.50"
    `);
  });

  test('that is done reports its publication and the next command', () => {
    expect(shown(succeeded())).toMatchInlineSnapshot(`
      "cifar-2f7a91c04be3: succeeded in 33 min 0 s
      s3://data/cifar

      ✓ Plan            done in 33 min 0 s
      – Train teacher   not needed
      ✓ Label           done in 32 min 56 s  50,000 shards
      ✓ Reconcile       done in 32 min 56 s
      ✓ Warm up         done in 32 min 56 s
      ✓ Weigh           done in 32 min 56 s
      ✓ Train variants  done in 11 min 20 s  1 student
      ✓ Evaluate        done in 0.0 s
      ✓ Publish         done in 0.0 s

      cost: $3.10, estimated $12.50
      published: the first student of this dataset

      Next: counterweight fetch cifar-2f7a91c04be3"
    `);
  });

  test('that failed has the stage, the reason and the fix', () => {
    expect(shown(failed())).toMatchInlineSnapshot(`
      "cifar-2f7a91c04be3: failed after 4 min 50 s
      s3://data/cifar

      ✓ Plan            done in 4.0 s
      – Train teacher   not needed
      ✗ Label           failed after 4 min 45 s  12,340 of 50,000 shards (25%), 3 failed
      · Reconcile       not reached
      · Warm up         not reached
      · Weigh           not reached
      · Train variants  not reached
      · Evaluate        not reached
      · Publish         not reached

      cost: $3.10, estimated $12.50

      error: Label (ab12cd34): RequestId: 1 Error: Runtime exited with error: signal: killed
      Run the same command again to resume.

      Its log: counterweight logs cifar-2f7a91c04be3
      Resume it: counterweight start cifar-2f7a91c04be3"
    `);
  });

  test('that was refused has the reason and no hint to resume it', () => {
    const seen = failed();
    const text = shown({
      ...seen,
      refused: true,
      failure: { ...seen.failure!, error: 'UserError', message: 'no config', hint: 'Put one.' },
    });
    expect(text).toContain('cifar-2f7a91c04be3: refused after');
    expect(text).toMatch(/no config\nPut one\.$/);
  });

  test('of a later attempt has its number, and an unknown cost is left out', () => {
    const text = shown({ ...inLabel(304, 12_340), attempt: 2, spentUsd: undefined });
    expect(text).toContain('cifar-2f7a91c04be3, attempt 2: running for 5 min 4 s');
    expect(text).not.toContain('cost');
  });

  test('is not put off by clocks that differ', () => {
    expect(shown(inLabel(-5, 0))).toContain('running for 0.0 s');
  });
});

describe('the list of runs', () => {
  test('has the newest ones, and how to see more of one', () => {
    const run = (name: string, seconds: number) => ({
      arn: executionOf(name),
      run: name,
      startedAt: second(seconds),
    });
    const runs = [
      { ...run('cifar-2f7a91c04be3', 60), status: 'RUNNING', stoppedAt: undefined },
      { ...run('digits-a1', 0), status: 'ABORTED', stoppedAt: second(75) },
    ] as const;
    expect(renderRuns(runs, second(3800))).toMatchInlineSnapshot(`
      "run                             started (UTC)         for
      cifar-2f7a91c04be3  running  2026-11-25 12:01   1 h 2 min
      digits-a1           aborted  2026-11-25 12:00  1 min 15 s

      Status of a run: counterweight status cifar-2f7a91c04be3"
    `);
  });

  test('that is empty names the command that starts a run', () => {
    expect(renderRuns([], second(0))).toContain('counterweight upload');
  });
});

describe('watching', () => {
  test('on a pipe shows changes, and amounts at most every ten seconds', () => {
    const terminal = new FakeTerminal();
    const view = createStatusView(terminal);
    for (let seconds = 300; seconds <= 325; seconds++) view.show(inLabel(seconds, seconds * 40));
    view.note('AWS does not answer now.');
    view.note('AWS does not answer now.');
    view.show(inTraining(1400));
    view.end(succeeded());
    expect(terminal.text).toMatchInlineSnapshot(`
      "cifar-2f7a91c04be3: running for 5 min 0 s
      s3://data/cifar
      ✓ Plan            done in 4.0 s
      – Train teacher   not needed
      ▸ Label           running for 4 min 56 s  12,000 of 50,000 shards (24%), 3 failed, 100 at once, 41/s, 15 min 20 s left
      ▸ Label           running for 5 min 6 s  12,400 of 50,000 shards (25%), 3 failed, 100 at once, 41/s, 15 min 20 s left
      ▸ Label           running for 5 min 16 s  12,800 of 50,000 shards (26%), 3 failed, 100 at once, 41/s, 15 min 20 s left
      AWS does not answer now.
      ✓ Label           done in 21 min 36 s     50,000 shards
      ✓ Reconcile       done in 21 min 36 s
      ✓ Warm up         done in 21 min 36 s
      ✓ Weigh           done in 21 min 36 s
      ▸ Train variants  running for 1 min 40 s  1 of 3 students, training: weighted
      ✓ Train variants  done in 11 min 20 s  1 student
      ✓ Evaluate        done in 0.0 s
      ✓ Publish         done in 0.0 s
      cost: $3.10, estimated $12.50
      published: the first student of this dataset

      Next: counterweight fetch cifar-2f7a91c04be3
      "
    `);
  });

  test('on a terminal one picture changes in place', () => {
    const terminal = new FakeTerminal({ live: true });
    const view = createStatusView(terminal);
    const pictures = [inLabel(300, 12_000), inLabel(302, 12_340), inTraining(1400)];
    for (const seen of pictures) view.show(seen);
    expect(screenOf(terminal.text)).toBe(`${renderStatus(pictures.at(-1)!, terminal)}\n`);
    view.note('AWS does not answer now.');
    expect(screenOf(terminal.text)).toMatch(/\n\nAWS does not answer now\.\n$/);
    view.end(succeeded());
    expect(screenOf(terminal.text)).toBe(`${renderStatus(succeeded(), terminal)}\n`);
  });

  test('has colours where the terminal has them', () => {
    const [plain, coloured] = [false, true].map((colors) => {
      const terminal = new FakeTerminal({ live: true, colors });
      createStatusView(terminal).show(inLabel(300, 12_000));
      return terminal.text;
    });
    expect(coloured).toContain('\u001b[36m▸\u001b[39m');
    expect(plain).not.toContain('\u001b[36m');
  });
});

/** Text on the screen at the end, after the codes for "up" and "erase below". */
function screenOf(text: string): string {
  let lines = [''];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  for (const [, up, rest] of text.matchAll(/\u001b\[(?:(\d+)A\r\u001b\[J|\?7[lh])([^\u001b]*)/g)) {
    if (up !== undefined) lines = [...lines.slice(0, -1 - Number(up)), ''];
    const [first = '', ...others] = (rest ?? '').split('\n');
    lines = [...lines.slice(0, -1), `${lines.at(-1)}${first}`, ...others];
  }
  return lines.join('\n');
}

describe('the observer of a run', () => {
  const clock = { seconds: 0 };
  const now = () => second(clock.seconds);
  let reads: RunStatus[];
  const reader = { read: async () => reads.shift()! };
  const measureUsd = vi.fn<() => Promise<number>>();
  let observer: RunObserver;
  beforeEach(() => {
    clock.seconds = 104;
    measureUsd.mockReset().mockResolvedValue(3);
    observer = new RunObserver(reader, measureUsd, now);
  });

  test('knows the pace since the stage began at once, and that of late later', async () => {
    reads = [inLabel(0, 997), inLabel(0, 1197), inLabel(0, 5197)];
    // 1,000 shards in the 100 seconds since Label began, with those that failed.
    expect(await observer.look()).toMatchObject({
      ratePerSecond: 10,
      timeLeft: { least: 4900, most: 4900 },
    });
    clock.seconds = 134;
    await observer.look();
    clock.seconds = 174;
    expect((await observer.look()).ratePerSecond).toBeCloseTo(4000 / 40);
  });

  test('has no pace while no stage works on shards', async () => {
    reads = [inTraining(1400)];
    expect((await observer.look()).ratePerSecond).toBeUndefined();
  });

  test('computes the cost every 30 s, one at a time, without waiting for it', async () => {
    reads = Array.from({ length: 60 }, () => inLabel(0, 1));
    let finish = (_: number) => {};
    measureUsd.mockReturnValueOnce(new Promise((resolve) => (finish = resolve)));
    for (; clock.seconds < 154; clock.seconds += 2) await observer.look();
    expect(measureUsd).toHaveBeenCalledTimes(1);
    finish(7);
    await vi.waitFor(async () => expect((await observer.look()).spentUsd).toBe(7));
    for (; clock.seconds < 190; clock.seconds += 2) await observer.look();
    expect(measureUsd).toHaveBeenCalledTimes(2);
  });

  test('reports the rest if the cost cannot be read', async () => {
    reads = [inLabel(0, 1)];
    measureUsd.mockRejectedValue(new Error('denied'));
    expect(await observer.lookWithCost()).toMatchObject({
      status: 'RUNNING',
      spentUsd: undefined,
    });
  });
});

describe('following a run', () => {
  const told: string[] = [];
  const view: StatusView = {
    show: ({ status }) => told.push(`show ${status}`),
    note: (text) => told.push(text),
    end: ({ status }) => told.push(`end ${status}`),
  };
  afterEach(() => told.splice(0));

  /** Sees these, one after another; errors are thrown. */
  function seeing(...all: (Observation | Error)[]) {
    const look = async () => {
      const next = all.shift();
      if (next instanceof Error || !next) throw next;
      return next;
    };
    return { look, lookWithCost: async () => failed() };
  }

  const throttled = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });

  test('goes to its end, through times in which AWS does not answer, more and more patiently', async () => {
    const running = inLabel(300, 1);
    const observer = seeing(running, throttled, new TransientError('S3'), running, failed());
    expect(await follow(observer, view, 1)).toMatchObject({ status: 'FAILED' });
    expect(told).toEqual([
      'show RUNNING',
      'AWS does not answer: trying again in 0.002 s.',
      'AWS does not answer: trying again in 0.004 s.',
      'show RUNNING',
      'end FAILED',
    ]);
  });

  test.each([
    ['that the first look meets', [throttled]],
    ['that waiting does not cure', [inLabel(300, 1), new Error('denied')]],
  ])('ends with an error %s', async (_, all) => {
    await expect(follow(seeing(...all), view, 1)).rejects.toBe(all.at(-1));
  });
});
