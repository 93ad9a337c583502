import { styleText } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { guardTerminal, printable } from '../../src/cli/escapes.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const ourStyle = /\u001b\[(?:0|1|2|22|31|32|33|36|39|90)m/g;

/** A stream that keeps what reaches it. */
function fakeStream(isTTY: boolean) {
  const written: unknown[] = [];
  const write = (chunk: unknown) => written.push(chunk) > 0;
  return { stream: { isTTY, write: write as NodeJS.WriteStream['write'] }, written };
}

describe('a text for a terminal', () => {
  test.each([
    ['\u001b[2J', '\\u001b[2J', 'erases the screen'],
    ['\u001b[8mhidden', '\\u001b[8mhidden', 'hides text'],
    ['\u001b]0;title\u0007', '\\u001b]0;title\\u0007', 'sets the title'],
    ['\u001b]52;c;aGk=\u0007', '\\u001b]52;c;aGk=\\u0007', 'fills the clipboard'],
    ['\u009b2J', '\\u009b2J', 'has a control of one character'],
    ['fine\rwarning', 'fine\\u000dwarning', 'overwrites its line'],
    ['a\u202egpj.exe', 'a\\u202egpj.exe', 'reverses its direction'],
  ])('%j is shown as %j: it %s', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test('keeps its styles, lines, tabs and letters', () => {
    const styled = styleText(['bold', 'yellow'], 'warning:', { validateStream: false });
    const text = `${styled} ü 漢字 👩‍🔬\n\tנתונים`;
    expect(printable(text)).toBe(text);
  });

  test('never has a control character but those of our styles', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001b', '[', '31m', ';'),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const shown = printable(pieces.join(''));
        const unstyled = shown.replaceAll(ourStyle, '');
        expect(unstyled).not.toMatch(control);
      }),
    );
  });

  test('is still JSON if it was', () => {
    const value = { '\u009b': ['\u001b[2J', '\u202e'] };
    expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
  });
});

describe('a terminal', () => {
  test('shows texts, and lets the cursor be moved', () => {
    const { stream, written } = fakeStream(true);
    guardTerminal(stream);
    for (const text of ['\r\u001b[K', '\u001b[?7l', '\u001b[12A\r\u001b[J', 'x\r\u001b[K\n']) {
      stream.write(text);
    }
    expect(written.slice(0, 3)).toEqual(['\r\u001b[K', '\u001b[?7l', '\u001b[12A\r\u001b[J']);
    expect(written[3]).toBe('x\\u000d\\u001b[K\n');
  });

  test('that is a pipe gets what is written', () => {
    const { stream, written } = fakeStream(false);
    guardTerminal(stream);
    stream.write('a\u001b[2J');
    expect(written).toEqual(['a\u001b[2J']);
  });
});
