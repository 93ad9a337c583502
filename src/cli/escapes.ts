/**
 * Escape sequences at the terminal. Names, labels and cells of a dataset appear in messages. In a
 * stranger's dataset they could hide lines, rename the window or fill the clipboard, so that no
 * control character of a text reaches a terminal.
 */

/** Codes of `styleText` that the commands use: bold, dim, four colours and gray, and their ends. */
const styles = [0, 1, 2, 22, 31, 32, 33, 36, 39, 90];

/** A style, or a character that controls a terminal or the direction of the text. */
const special =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  /\u001b\[(?<code>\d+)m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** A text that only moves the cursor or erases, as the progress display and readline write it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const onlyCursor = /^(?:\r|\u001b\[\??[\d;]*[A-Za-z])+$/;

/**
 * Shows control characters as their codes, except line feed, tab, and our styles. The result of
 * JSON is still JSON.
 *
 * @example printable('a\u0007b') // a\u0007b, as eight characters
 */
export function printable(text: string): string {
  return text.replace(special, (found: string, code?: string) =>
    code !== undefined && styles.includes(Number(code))
      ? found
      : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}${found.slice(1)}`,
  );
}

/**
 * Makes a terminal show texts as `printable` does. A text that consists of cursor movements alone
 * passes: no message of data is one, since each ends with a line feed. Data in a pipe or a file
 * stays as it is.
 */
export function guardTerminal(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>): void {
  if (!stream.isTTY) return;
  const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
  stream.write = (chunk: unknown, ...rest: unknown[]) =>
    write(typeof chunk === 'string' && !onlyCursor.test(chunk) ? printable(chunk) : chunk, ...rest);
}
