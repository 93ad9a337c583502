import { describe, expect, test } from 'vitest';
import { foundInputs, inputOf, samplesOf, unexpectedError } from './input.ts';
import { readers } from './readers/index.ts';

/** Inputs per reader: `npm run fuzz` reads many more. */
const inputs = 200;

describe.each(readers.filter(({ isNative }) => !isNative))('$name', (reader) => {
  test('changed files are read or refused', async () => {
    const samples = await samplesOf(reader);
    expect(samples.length).toBeGreaterThan(0);
    for (let seed = 1; seed <= inputs; seed++) {
      const error = await unexpectedError(reader, inputOf(reader, samples, seed));
      expect(error, `seed ${seed}`).toBeUndefined();
    }
  });

  test('files that were a finding once are read or refused', async () => {
    for (const { name, bytes } of await foundInputs(reader)) {
      expect(await unexpectedError(reader, bytes), name).toBeUndefined();
    }
  });
});
