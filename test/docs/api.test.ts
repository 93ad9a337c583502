import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { apiDocument } from '../../docs/make-api.mjs';

const root = path.join(import.meta.dirname, '../..');
const file = path.join(root, 'docs/api.md');

// After a change of a public comment: UPDATE_API=1 npx vitest run test/docs/api.test.ts
if (process.env.UPDATE_API === '1') writeFileSync(file, apiDocument(root));

test('docs/api.md is current', () => {
  expect(readFileSync(file, 'utf8')).toBe(apiDocument(root));
});

test('every exported function and class has a description', () => {
  const sections = apiDocument(root).split(/^### /m).slice(1);
  expect(sections.length).toBeGreaterThan(20);
  for (const section of sections) {
    const [heading, text] = section.split('\n\n');
    expect(text, heading).not.toMatch(/^```/);
    if (/^```ts\n(async )?function/m.test(section)) expect(section, heading).toContain('import {');
  }
});
