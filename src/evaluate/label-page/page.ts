/** A page on which people label the examples of `label-next.csv`, in any browser. */
import { type Preview, pictureUrl } from '../../data/features/preview.ts';
import { html, trusted } from '../html.ts';
import { renderPage } from '../html-page.ts';
import { type Located, type Previews, previewKey } from '../report/previews.ts';
import { pageScript } from './script.ts';
import { pageStyle } from './style.ts';

/** Examples to label. */
export interface ToLabelPage {
  readonly run: string;
  readonly dataset: string;
  readonly classes: readonly string[];
  /** Whether an example has any number of the classes. */
  readonly isMultiLabel: boolean;
  /** The most useful first. */
  readonly examples: readonly Located[];
}

/**
 * Renders the page as one HTML file that makes no request. The pseudo-labels are not in it, so that
 * they do not sway the people who label.
 *
 * @param previews The content of the examples.
 */
export function renderLabelPage(
  { run, dataset, classes, isMultiLabel, examples }: ToLabelPage,
  previews: Previews,
): string {
  const shown = examples.map((example) => ({
    id: example.id,
    ...contentOf(previews.get(previewKey(example))),
  }));
  const data = JSON.stringify({ run, classes, many: isMultiLabel, examples: shown });
  const keys = isMultiLabel
    ? html`The keys on the buttons choose any number of classes, <kbd>Enter</kbd> continues.`
    : html`The keys on the buttons choose a class, <kbd>←</kbd> and <kbd>→</kbd> move.`;
  const body = html`<main>
<h1>${dataset}: examples to label</h1>
<p class="note">${keys} The answers stay in this browser until you save them. Then run <code>counterweight add-labels DATASET labels.csv</code>.</p>
<div class="line"><span id="progress" role="status"></span><progress id="bar" aria-label="Labeled"></progress></div>
<div id="example"></div>
<div id="classes" role="group" aria-label="Classes"></div>
<div class="line"><button id="back">Back</button><button id="skip">Skip</button><button id="confirm">Continue</button><button id="save">Save labels.csv</button></div>
</main>
<script type="application/json" id="data">${trusted(data.replaceAll('<', '\\u003c'))}</script>
<script>${pageScript}</script>`;
  const title = `${dataset}: examples to label`;
  return renderPage({ title, style: pageStyle, hasScripts: true }, body);
}

/** Returns the content of an example as the script reads it. */
function contentOf(preview: Preview | undefined) {
  if (preview === undefined) return {};
  if (preview.kind === 'text') return { text: preview.text };
  if (preview.kind === 'columns') return { cells: preview.cells };
  const { width, height } = preview;
  return { picture: { src: pictureUrl(preview), small: Math.max(width, height) <= 64 } };
}
