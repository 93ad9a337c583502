import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectation, fieldsAt, jsonSchema, schemaAt } from '../../src/config/json-schema.ts';
import { methodNames } from '../../src/debias/methods.ts';

const file = new URL('../../schema/distill.schema.json', import.meta.url);

// After a change of the schema: UPDATE_SCHEMA=1 npx vitest run test/config, then npm run format.
if (process.env.UPDATE_SCHEMA === '1') {
  writeFileSync(file, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
}

test('schema/distill.schema.json is current', () => {
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(jsonSchema());
});

test.each([
  [['student', 'epochs'], {}, 'a whole number from 1 to 10000'],
  [['student', 'optimizer'], {}, 'adam or sgd'],
  [['teacher', 'output'], {}, 'probabilities, sigmoid or logits'],
  [['task', 'size'], {}, 'a list of 2, each a whole number from 1 to 4096'],
  [['student', 'learningRate'], {}, 'a number above 0'],
  [['limits', 'quarantine'], {}, 'a number from 0 to 1 or text'],
  [['teacher', 'mean'], {}, 'a list, each a number'],
  [['student', 'augment', 'flip'], {}, 'true or false'],
  [['compare', 0], {}, `${methodNames.join(', ')} or a section with method`],
  [['seed'], {}, 'a whole number'],
])('describes the right value of %j', (path, value, text) => {
  expect(expectation(schemaAt(jsonSchema(), value, path))).toBe(text);
});

test('knows the fields of the architecture that is chosen', () => {
  const config = { student: { architecture: 'layers-model' } };
  expect(fieldsAt(jsonSchema(), config, ['student'])).toContain('topology');
  expect(fieldsAt(jsonSchema(), config, ['student'])).not.toContain('depth');
});
