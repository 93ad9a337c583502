import { expect, test } from 'vitest';
import { renderUploaded } from '../../src/cli/upload.ts';
import { FakeTerminal } from './terminals.ts';

const uploaded = {
  location: 's3://data/digits',
  sent: 3,
  present: 1200,
  sentBytes: 2048,
  markers: [],
  openBatches: [],
  others: 0,
};

function render(
  changes: Partial<Parameters<typeof renderUploaded>[0]>,
  run?: string,
  ahead?: string,
) {
  return renderUploaded(
    { ...uploaded, ...changes },
    { run, ahead, name: 'digits' },
    new FakeTerminal(),
  );
}

test('reports the uploaded files, and the command that watches the run', () => {
  expect(render({}, 'digits-1')).toBe(
    'Uploaded 3 files (2.0 KiB) to s3://data/digits; 1,200 were there already.\n' +
      'Run digits-1 starts. Next: counterweight status digits-1 --watch',
  );
});

test('names the run that is waited for', () => {
  expect(render({}, 'digits-2', 'digits-1')).toMatch(
    /run digits-1 of this dataset is running\. .* starts after it\. Next: counterweight status digits-1/,
  );
});

test('names the command that starts a run if none starts automatically', () => {
  const text = render({ openBatches: ['monday', ''] });
  expect(text).toContain('unlabeled/monday has no _SUCCESS');
  expect(text).toContain('unlabeled has no _SUCCESS');
  expect(text).toMatch(/Next: counterweight start digits$/);
  expect(render({ sent: 0 })).toContain(
    'Nothing to upload: all 1,200 files are in s3://data/digits.',
  );
});

test('warns of objects that the folder does not have', () => {
  expect(render({ others: 1 })).toContain('warning: 1 object there is not in the folder.');
  expect(render({ others: 2 })).toContain('warning: 2 objects there are not in the folder.');
});
