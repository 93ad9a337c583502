import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Content } from '../../../src/data/example.ts';
import { kindOf } from '../../../src/data/features/index.ts';
import { thumbnail } from '../../../src/data/features/preview.ts';

const preview = async (content: Content) => kindOf(content).preview?.(content, thumbnail);

/** Makes an image of one colour. */
async function image(width: number, height: number): Promise<Content> {
  const create = { width, height, channels: 3 as const, background: '#c04020' };
  return { kind: 'image', bytes: await sharp({ create }).png().toBuffer() };
}

describe('the preview', () => {
  test.each([
    [28, 28, 'image/png', 28, 28],
    [400, 200, 'image/jpeg', 112, 56],
  ])('of an image of %i × %i pixels is %s of %i × %i', async (...row) => {
    const [width, height, type, shownWidth, shownHeight] = row;
    const made = await preview(await image(width, height));
    expect(made).toMatchObject({ type, width: shownWidth, height: shownHeight });
  });

  test('of bytes that are not an image does not exist', async () => {
    expect(await preview({ kind: 'image', bytes: Buffer.from('no image') })).toBeUndefined();
  });

  test('of a text is its start, in whole characters', async () => {
    expect(await preview({ kind: 'text', text: ' one\n two ' })).toEqual({
      ...{ kind: 'text', text: 'one two' },
    });
    const long = await preview({ kind: 'text', text: '😀'.repeat(1_000) });
    expect(long).toEqual({ kind: 'text', text: `${'😀'.repeat(299)}…` });
  });

  test('of a row has its first columns with values, cut', async () => {
    const columns = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`c${i}`, i]));
    const content: Content = {
      kind: 'row',
      columns: { gap: null, ...columns, c0: 'x'.repeat(99) },
    };
    const made = await preview(content);
    expect(made).toMatchObject({ kind: 'columns', more: 8 });
    const cells = made?.kind === 'columns' ? made.cells : [];
    expect(cells).toHaveLength(12);
    expect(cells.slice(0, 2)).toEqual([
      ['c0', `${'x'.repeat(39)}…`],
      ['c1', '1'],
    ]);
  });

  test('of a vector does not exist', async () => {
    expect(await preview({ kind: 'vector', values: Float32Array.of(1) })).toBeUndefined();
  });
});
