import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');
/** Rows whose first cell is a message, without symptoms such as "`upload` ends". */
const messages = [...page.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, message]) => message!);

const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
  .join('\n')
  // Long messages are several literals.
  .replaceAll(/['`]\s*\+\s*['`]/g, '');

test('the page has many messages', () => {
  expect(messages.length).toBeGreaterThan(40);
});

test.each(messages)('a message has: %s', (message) => {
  expect(source.includes(message)).toBe(true);
});
