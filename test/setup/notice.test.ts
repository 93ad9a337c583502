import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      license: z.string().optional(),
      dev: z.boolean().optional(),
      devOptional: z.boolean().optional(),
    }),
  ),
});

/** Licences under which a package may be used: they allow use and distribution next to ours. */
const allowed = [
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'CC0-1.0', 'ISC'],
  ...['MIT', 'MIT-0'],
];
/** The library of sharp: a file of its own that is loaded, so that a user can replace it. */
const replaceable = /^@img\/sharp-/;

/** Returns the licences of the packages that users install, by name. */
function licences(): Map<string, string> {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));
  const installed = Object.entries(packages).filter(
    ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
  );
  return new Map(
    installed.map(([path, { license }]) => [
      path.replace(/^.*node_modules\//, ''),
      license ?? 'unknown',
    ]),
  );
}

test('NOTICE lists the packages that users install, by licence', () => {
  const byLicence = new Map<string, string[]>();
  for (const [name, licence] of licences()) {
    byLicence.set(licence, [...(byLicence.get(licence) ?? []), name]);
  }
  const lists = [...byLicence]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([licence, names]) =>
        `${licence}\n${names
          .sort()
          .map((name) => `  ${name}\n`)
          .join('')}`,
    );
  const [text = ''] = readFileSync('NOTICE', 'utf8').split('\nPackages\n');
  const wanted = `${text}\nPackages\n\n${lists.join('\n')}`;
  if (process.env.UPDATE_NOTICE === '1') writeFileSync('NOTICE', wanted);
  expect(readFileSync('NOTICE', 'utf8')).toBe(wanted);
});

test('every package has a licence that allows its use, or is a file that can be replaced', () => {
  const others = [...licences()].filter(([name, licence]) => {
    const parts = licence.replace(/[()]/g, '').split(/ (?:AND|OR) /);
    const isChoice = licence.includes(' OR ');
    const fits = (part: string) => allowed.includes(part);
    return !(isChoice ? parts.some(fits) : parts.every(fits)) && !replaceable.test(name);
  });
  expect(others).toEqual([]);
});
