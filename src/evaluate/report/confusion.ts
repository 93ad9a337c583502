import { count, percent } from '../../format.ts';
import type { Confusion } from '../confusion.ts';
import { describedConfusions } from '../describe-confusion.ts';
import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { content, type Previews, previewKey } from './previews.ts';

/** Class names stand upright at the heads of columns if each or all together are this short. */
const shortName = 4;
const shortNames = 24;
/** Maximum number of examples per confusion: pictures, or texts and rows. */
const shownPictures = 6;
const shownCards = 1;

/** Renders the classes that the config's student and the teacher confuse. */
export function confusionSection(
  metrics: RunMetrics,
  previews: Previews = new Map(),
): Markup | false {
  const { confusion, evaluatedOn, students } = metrics;
  const student = students[0]?.variant;
  const own = student === undefined ? undefined : confusion?.[student];
  if (student === undefined || !own) return false;
  const sentences = describedConfusions(metrics, student);
  const isWhole = own.counts !== undefined;
  return html`<section>
<h2>Confusion</h2>
${
  sentences.length > 0
    ? html`<ul class="sentences">${sentences.map(
        ({ text, truth, predicted }) =>
          html`<li>${text}${confusedExamples(metrics, truth, predicted, previews)}</li>`,
      )}</ul>`
    : html`<p>The ${student} student takes no two ${evaluatedOn} examples of a class for the same other class.</p>`
}
${isWhole && html`<p class="note">A row has the ${evaluatedOn} examples of a class; a column those that the model takes for a class. The stronger the colour of a cell, the larger its share of the row.</p>`}
${confusionTable(metrics, student, own)}
${confusion?.teacher && html`<details><summary>The same for the teacher</summary>${confusionTable(metrics, 'teacher', confusion.teacher)}</details>`}
</section>`;
}

/** Renders some of the surest mistakes that are a confusion; those without content are left out. */
function confusedExamples(
  { gallery, classes }: RunMetrics,
  truth: number,
  predicted: number,
  previews: Previews,
): Markup | false {
  const found = (gallery?.mistakes ?? []).flatMap(({ shard, id, truth: name, student }) => {
    const preview = previews.get(previewKey({ shard, id }));
    const isOne = name === classes[truth] && student.class === classes[predicted];
    return isOne && preview ? [{ id, preview }] : [];
  });
  if (found.length === 0) return false;
  const show = ({ id, preview }: (typeof found)[number]) => content(preview, id);
  if (found[0]!.preview.kind !== 'picture') return html`${found.slice(0, shownCards).map(show)}`;
  return html`<ul class="shots">${found.slice(0, shownPictures).map((one) => html`<li>${show(one)}</li>`)}</ul>`;
}

function confusionTable(metrics: RunMetrics, model: string, confusion: Confusion): Markup {
  const { counts } = confusion;
  return counts ? matrix(metrics, model, counts) : list(metrics, model, confusion);
}

function matrix(
  { classes, metrics: { support, models } }: RunMetrics,
  model: string,
  counts: NonNullable<Confusion['counts']>,
): Markup {
  const upright =
    classes.every((name) => name.length <= shortName) || classes.join('').length <= shortNames;
  const cell = (examples: number, truth: number, predicted: number) => {
    if (examples === 0) return html`<td class="none">0</td>`;
    const share = (examples / support[truth]!).toFixed(2);
    return html`<td class="${truth === predicted ? 'right' : 'wrong'}" style="--share:${share}">${count(examples)}</td>`;
  };
  return html`<div class="scroll" role="region" aria-label="Confusion matrix of ${model}" tabindex="0"><table class="matrix${!upright && ' turned'}">
<caption>${model}</caption>
<thead><tr><th scope="col">Class</th>${classes.map((name) => html`<th scope="col"><span>${name}</span></th>`)}<th scope="col"><span>Recall</span></th></tr></thead>
<tbody>${counts.map(
    (row, truth) =>
      html`<tr><th scope="row">${classes[truth]}</th>${row.map((examples, predicted) => cell(examples, truth, predicted))}<td class="recall">${percent(models[model]?.recall[truth]?.value ?? Number.NaN)}</td></tr>
`,
  )}</tbody>
</table></div>`;
}

function list(
  { classes, metrics: { support } }: RunMetrics,
  model: string,
  { largest }: Confusion,
): Markup {
  return html`<div class="scroll" role="region" aria-label="Largest confusions of ${model}" tabindex="0"><table class="narrow">
<caption>The largest confusions of ${model}</caption>
<thead><tr><th scope="col">Class</th><th scope="col" class="text">Taken for</th><th scope="col">Examples</th><th scope="col">Share of the class</th></tr></thead>
<tbody>${largest.map(
    ({ truth, predicted, examples }) =>
      html`<tr><th scope="row" class="long">${classes[truth]}</th><td class="text long">${classes[predicted]}</td><td>${count(examples)}</td><td>${percent(examples / support[truth]!)}</td></tr>
`,
  )}</tbody>
</table></div>`;
}
