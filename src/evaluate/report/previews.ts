import { type Preview, pictureUrl } from '../../data/features/preview.ts';
import { count, counted } from '../../format.ts';
import { html, type Markup, trusted } from '../html.ts';

/** Numbers of examples of a list that are visible; the others are folded. */
const openPictures = 12;
const openCards = 6;

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

/**
 * Renders examples with their content, or as a table if none has content.
 *
 * @param name of the list, for screen readers; unique in the report.
 */
export function exampleList(
  name: string,
  examples: readonly ShownExample[],
  previews: Previews,
  caption?: string,
): Markup {
  const shown = examples.map((example) => {
    const { shard = '', id } = example;
    return { ...example, preview: previews.get(previewKey({ shard, id })) };
  });
  const without = shown.filter(({ preview }) => preview === undefined).length;
  if (without === shown.length) return table(name, examples, caption);
  const hasPictures = shown.some(({ preview }) => preview?.kind === 'picture');
  const list = (some: readonly Previewed[]) =>
    html`<ul class="${hasPictures ? 'shots' : 'cards'}">${some.map(card)}</ul>`;
  const [open, folded] = cut(shown, hasPictures ? openPictures : openCards);
  return html`${caption !== undefined && html`<p class="note">${caption}</p>`}
${list(open)}
${folded.length > 0 && html`<details><summary>${count(folded.length)} more</summary>${list(folded)}</details>`}
${without > 0 && html`<p class="note">${counted(without, 'example')} without content: the report is limited in size.</p>`}`;
}

/** Cuts a list in two, unless the second part would be as short as a line about it. */
function cut<Item>(items: readonly Item[], first: number): [readonly Item[], readonly Item[]] {
  return items.length <= first + 2 ? [items, []] : [items.slice(0, first), items.slice(first)];
}

type Previewed = ShownExample & { readonly preview: Preview | undefined };

function card({ id, facts, preview }: Previewed) {
  return html`<li>${content(preview, id)}
<dl>${facts.map(({ name, text }) => html`<div><dt>${name}</dt> <dd>${text}</dd></div>`)}</dl>
<p class="id">${id}</p></li>
`;
}

/** Renders the content of an example; an empty picture if there is none. */
export function content(preview: Preview | undefined, id: string): Markup {
  switch (preview?.kind) {
    case 'picture': {
      const { width, height } = preview;
      return html`<img class="${Math.max(width, height) <= 64 && 'pixels'}" width="${width}" height="${height}" alt="Example ${id}" src="${trusted(pictureUrl(preview))}"/>`;
    }
    case 'text':
      return html`<p class="content">${preview.text}</p>`;
    case 'columns': {
      const { cells, more } = preview;
      return html`<p class="content">${cells.map(([name, value]) => html`<span class="column"><span>${name}</span> ${value}</span> `)}${more > 0 && html`<span class="column"><span>and ${counted(more, 'column')} more</span></span>`}</p>`;
    }
    default:
      return html`<div class="blank"></div>`;
  }
}

function table(
  label: string,
  examples: readonly ShownExample[],
  caption: string | undefined,
): Markup {
  const head = examples[0]?.facts ?? [];
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table class="narrow">
${caption !== undefined && html`<caption>${caption}</caption>`}
<thead><tr><th scope="col">Example</th>${head.map(({ name, isText }) => html`<th scope="col"${isText && html` class="text"`}>${name}</th>`)}</tr></thead>
<tbody>${examples.map(
    ({ id, facts }) =>
      html`<tr><th scope="row" class="long">${id}</th>${facts.map(({ text, isText }) => html`<td${isText && html` class="text"`}>${text}</td>`)}</tr>
`,
  )}</tbody>
</table></div>`;
}
