import type { Preview } from '../../data/features/preview.ts';
import { counted } from '../../format.ts';
import { html, type Markup, trusted } from '../html.ts';

/** An example by its shard and its id, which is unique in the shard. */
export interface Located {
  readonly shard: string;
  readonly id: string;
}

/** Previews by `previewKey`. */
export type Previews = ReadonlyMap<string, Preview>;

/** Returns the key of an example's preview. */
export function previewKey({ shard, id }: Located): string {
  return `${shard}/${id}`;
}

/** A fact about an example, for a column of a table or a line below a picture. */
export interface Fact {
  readonly name: string;
  readonly text: string;
  /** Whether the text is words rather than a number. */
  readonly isText?: boolean;
}

/** An example with facts about it; all examples of a list have the same facts. */
export interface ShownExample {
  readonly shard?: string | undefined;
  readonly id: string;
  readonly facts: readonly Fact[];
}

/** Renders examples: as pictures, or as a table with their columns or texts. */
export function exampleList(
  examples: readonly ShownExample[],
  previews: Previews,
  caption?: string,
): Markup {
  const shown = examples.map((example) => {
    const { shard = '', id } = example;
    return { ...example, preview: previews.get(previewKey({ shard, id })) };
  });
  const without = shown.filter(({ preview }) => preview === undefined).length;
  const isPartial = without > 0 && without < shown.length;
  const hasPictures = shown.some(({ preview }) => preview?.kind === 'picture');
  return html`${hasPictures ? pictures(shown, caption) : table(shown, without < shown.length, caption)}
${isPartial && html`<p class="note">${counted(without, 'example')} without content: the report is limited in size.</p>`}`;
}

type WithPreview = ShownExample & { readonly preview: Preview | undefined };

function pictures(examples: readonly WithPreview[], caption: string | undefined): Markup {
  return html`${caption !== undefined && html`<p class="note">${caption}</p>`}
<ul class="shots">${examples.map(
    ({ id, facts, preview }) => html`<li>${picture(preview, id)}
<dl>${facts.map(({ name, text }) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>
<p class="id">${id}</p></li>
`,
  )}</ul>`;
}

function picture(preview: Preview | undefined, id: string): Markup | false {
  if (preview?.kind !== 'picture') return html`<div class="blank"></div>`;
  const { type, bytes, width, height } = preview;
  const data = Buffer.from(bytes).toString('base64');
  return html`<img class="${Math.max(width, height) <= 64 && 'pixels'}" width="${width}" height="${height}" alt="Example ${id}" src="${trusted(`data:${type};base64,${data}`)}"/>`;
}

function table(
  examples: readonly WithPreview[],
  hasContent: boolean,
  caption: string | undefined,
): Markup {
  const facts = examples[0]?.facts ?? [];
  return html`<div class="scroll"><table class="narrow">
${caption !== undefined && html`<caption>${caption}</caption>`}
<thead><tr><th scope="col">Example</th>${hasContent && html`<th scope="col" class="text">Content</th>`}${facts.map(({ name, isText }) => html`<th scope="col"${isText && html` class="text"`}>${name}</th>`)}</tr></thead>
<tbody>${examples.map(
    ({ id, facts, preview }) =>
      html`<tr><th scope="row" class="long">${id}</th>${hasContent && html`<td class="text content">${content(preview)}</td>`}${facts.map(({ text, isText }) => html`<td${isText && html` class="text"`}>${text}</td>`)}</tr>
`,
  )}</tbody>
</table></div>`;
}

function content(preview: Preview | undefined): Markup | string {
  if (preview?.kind === 'text') return preview.text;
  if (preview?.kind !== 'columns') return '–';
  const { cells, more } = preview;
  return html`${cells.map(([name, value]) => html`<span class="column"><span>${name}</span> ${value}</span> `)}${more > 0 && html`<span class="column"><span>and ${counted(more, 'column')} more</span></span>`}`;
}
