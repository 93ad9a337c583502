import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checks } from '../../setup/checks.mjs';
import { DISTRIBUTIONS } from '../../setup/platforms.mjs';
import type { Check } from '../../setup/requirements.mjs';
import { FakeMachine } from './fake-machine.ts';

describe('on a machine where the package was just installed', () => {
  let machine: FakeMachine;
  let setup: string;
  beforeEach(() => {
    machine = new FakeMachine();
    setup = machine.installSetup();
  });
  afterEach(() => machine.remove());

  /** Runs this Node.js with the machine's PATH and cache. */
  function node(args: string[], more: Record<string, string> = {}) {
    const env = { ...machine.site.env, COUNTERWEIGHT_CACHE: machine.site.cacheFolder, ...more };
    return spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  }

  function checksThere(): Map<string, Check> {
    const script =
      'import(process.argv[1]).then(({ checks }) => checks()).then((all) => console.log(JSON.stringify(all)))';
    const all: Check[] = JSON.parse(node(['-e', script, path.join(setup, 'checks.mjs')]).stdout);
    return new Map(all.map((check) => [check.name, check]));
  }

  test('set-up reports what is missing without a stack trace, and exits with 1', () => {
    machine.removeProgram('c++');
    const { status, stdout, stderr } = node([path.join(setup, 'setup.mjs')]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^TensorFlow cannot be set up on this machine yet:\n- C\+\+ compiler: /);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test("set-up reports the size of its download, and refuses a wheel that is not the platform's", () => {
    const { status, stderr } = node([path.join(setup, 'setup.mjs')]);
    const wheel = DISTRIBUTIONS[`${process.platform}-${process.arch}`]?.wheels[0];
    expect(status).toBe(1);
    expect(stderr).toContain(`${Math.round((wheel?.sizeBytes ?? 0) / 1e6)} MB to download`);
    expect(stderr).toContain(`SHA-256 ${wheel?.sha256}`);
    expect(machine.cached).toEqual([]);
  });

  test.runIf(`${process.platform}-${process.arch}-gpu` in DISTRIBUTIONS)(
    'set-up for a GPU begins with another wheel of TensorFlow, and downloads more',
    () => {
      const { stderr } = node([path.join(setup, 'setup.mjs')], { COUNTERWEIGHT_GPU: '1' });
      const wheels = DISTRIBUTIONS[`${process.platform}-${process.arch}-gpu`]?.wheels ?? [];
      const bytes = wheels.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      expect(stderr).toContain(`${Math.round(bytes / 1e6)} MB to download`);
      expect(stderr).toContain(`SHA-256 ${wheels[0]?.sha256}`);
    },
  );

  test('the checks name what is missing, each with the command that mends it', () => {
    machine.removeProgram('python3');
    const found = checksThere();
    expect(found.get('python3')).toMatchObject({ ok: false, fix: expect.stringContaining('dnf') });
    expect(found.get('C++ compiler')).toMatchObject({ ok: true });
    for (const name of ['TensorFlow files', 'TensorFlow']) {
      const fix = expect.stringMatching(/^node .*setup\.mjs$/m);
      expect(found.get(name)).toMatchObject({ ok: false, fix });
    }
    const { fix = '' } = found.get('TensorFlow files') ?? {};
    expect(fix).toMatch(/`counterweight run` does the same .*\d+ MB to download, \d+ MB on disk/);
    expect(found.get('TensorFlow')?.detail).toMatch(/no binding/);
    expect(found.get('sharp')).toEqual({
      name: 'sharp',
      ok: false,
      detail: 'Error: no libvips',
      fix: 'npm ci --ignore-scripts',
    });
    expect(machine.cached).toEqual([]);
  });
});

test('every check passes on this machine, which is set up', async () => {
  const found = await checks();
  expect(found.filter(({ ok }) => !ok)).toEqual([]);
  expect(found.find(({ name }) => name === 'TensorFlow')?.detail).toMatch(/^2\.21\.0 loads/);
});
