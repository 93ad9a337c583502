/**
 * Examples to label as Label Studio imports them: the tasks, and the configuration of the project.
 * `counterweight add-labels` reads the tasks that it exports as JSON.
 */
import { type Preview, pictureUrl } from '../../data/features/preview.ts';
import { html } from '../html.ts';
import { type Previews, previewKey } from '../report/previews.ts';
import type { ToLabelPage } from './page.ts';

/**
 * Returns the tasks as JSON. Each has the id and the content of an example; the pseudo-labels are
 * not in it, so that they do not sway the people who label. An example without a preview is left
 * out, since there would be nothing to see.
 */
export function labelStudioTasks({ examples }: ToLabelPage, previews: Previews): string {
  const tasks = examples.flatMap((example) => {
    const preview = previews.get(previewKey(example));
    return preview === undefined
      ? []
      : [{ data: { id: example.id, [fieldOf(preview)]: contentOf(preview) } }];
  });
  return `${JSON.stringify(tasks, null, 1)}\n`;
}

/** Returns the labeling configuration of the project: the content, and the classes to choose. */
export function labelStudioConfig(
  { classes, isMultiLabel, examples }: ToLabelPage,
  previews: Previews,
): string {
  const first = examples.map((example) => previews.get(previewKey(example))).find(Boolean);
  const field = first === undefined ? 'text' : fieldOf(first);
  const content =
    field === 'image'
      ? html`<Image name="content" value="$image"/>`
      : html`<Text name="content" value="$${field}"/>`;
  const choices = classes.map((name) => html`    <Choice value="${name}"/>\n`);
  return html`<View>
  ${content}
  <Choices name="label" toName="content" choice="${isMultiLabel ? 'multiple' : 'single'}">
${choices}  </Choices>
</View>
`.text;
}

function fieldOf({ kind }: Preview): 'image' | 'text' | 'columns' {
  return kind === 'picture' ? 'image' : kind;
}

function contentOf(preview: Preview): string {
  if (preview.kind === 'text') return preview.text;
  if (preview.kind === 'columns') {
    return preview.cells.map(([name, value]) => `${name}: ${value}`).join('\n');
  }
  return pictureUrl(preview);
}
