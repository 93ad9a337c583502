import { expect, test } from 'vitest';
import type { Preview } from '../../../src/data/features/preview.ts';
import {
  labelStudioConfig,
  labelStudioTasks,
} from '../../../src/evaluate/label-page/label-studio.ts';

const toLabel = {
  ...{ run: 'photos-1', dataset: 'photos', isMultiLabel: false },
  classes: ['cat & "dog"', '<b>'],
  examples: [
    { shard: 's', id: 'a' },
    { shard: 's', id: 'b' },
  ],
};
const previews = (preview: Preview) => new Map([['s/a', preview]]);
const picture: Preview = {
  ...{ kind: 'picture', type: 'image/png', bytes: Uint8Array.of(1, 2), width: 2, height: 2 },
};

test.each<[Preview, string, Record<string, string>]>([
  [
    { kind: 'text', text: 'so </View> good' },
    '<Text name="content" value="$text"/>',
    { text: 'so </View> good' },
  ],
  [
    {
      kind: 'columns',
      cells: [
        ['age', '3'],
        ['job', 'none'],
      ],
      more: 1,
    },
    '<Text name="content" value="$columns"/>',
    { columns: 'age: 3\njob: none' },
  ],
  [picture, '<Image name="content" value="$image"/>', { image: 'data:image/png;base64,AQI=' }],
])('%j is a task, and an example without content is none', (preview, tag, fields) => {
  const shown = previews(preview);
  expect(JSON.parse(labelStudioTasks(toLabel, shown))).toEqual([{ data: { id: 'a', ...fields } }]);
  expect(labelStudioConfig(toLabel, shown)).toBe(`<View>
  ${tag}
  <Choices name="label" toName="content" choice="single">
    <Choice value="cat &amp; &quot;dog&quot;"/>
    <Choice value="&lt;b&gt;"/>
  </Choices>
</View>
`);
});

test('a multi-label task has several choices', () => {
  const config = labelStudioConfig({ ...toLabel, isMultiLabel: true }, previews(picture));
  expect(config).toContain('choice="multiple"');
});
