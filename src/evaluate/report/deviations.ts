import { count, fixed, percent } from '../../format.ts';
import { chart, line, niceRange } from '../chart.ts';
import { html, type Markup } from '../html.ts';
import { isMultiLabel } from '../main-metric.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { legendItem, modelNames, panel, percentTick } from './panel.ts';

/** Renders the differences between students and teacher. */
export function deviationsSection(metrics: RunMetrics): Markup | false {
  const { byMargin, exaggeration } = metrics.deviations;
  const filled = byMargin.filter(({ examples }) => examples > 0);
  if (filled.length === 0) return false;
  // Baselines are left out; the series of the others are those of the table of figures.
  const models = modelNames(metrics)
    .map((name, series) => ({ name, series }))
    .filter(({ name }) => name in filled[0]!.right);
  const names = models.map(({ name }) => name);
  const isPerDecision = isMultiLabel(metrics.metrics);
  const title = isPerDecision
    ? 'Right decisions by the margin of the teacher'
    : 'Accuracy by the margin of the teacher';
  const caption = isPerDecision
    ? `Share of decisions about labels of ${metrics.evaluatedOn} examples that a model gets right, by the margin of the teacher's decision.`
    : `Share of ${metrics.evaluatedOn} examples that a model classifies correctly, by the margin of the teacher.`;
  const share = ({ examples, right }: (typeof filled)[number], name: string) =>
    (right[name] ?? Number.NaN) / examples;
  const drawn = chart(
    title,
    caption,
    { label: 'margin of the teacher', low: 0, high: 1 },
    {
      label: title,
      ...niceRange(filled.flatMap((bin) => names.map((name) => share(bin, name)))),
      format: percentTick,
    },
    (scales) =>
      html`${models.map(({ name, series }) =>
        line(
          scales,
          filled.map((bin) => [(bin.low + bin.high) / 2, share(bin, name)] as const),
          series,
        ),
      )}`,
  );
  const rows = filled.map((bin) => [
    `${fixed(bin.low, 1)} to ${fixed(bin.high, 1)}`,
    count(bin.examples),
    ...names.map((name) => percent(share(bin, name))),
  ]);
  const slope = (value: number | null | undefined) => fixed(value ?? Number.NaN, 2);
  return html`<section>
<h2>Students compared with their teacher</h2>
<ul class="legend">${models.map(({ name, series }) => legendItem(name, series))}</ul>
<div class="charts">${panel(title, caption, drawn, ['Margin', isPerDecision ? 'Decisions' : 'Examples', ...names], rows)}</div>
<p class="note">Exaggeration of a student: the slope of its logit as a function of the teacher's logit, both for the ${isPerDecision ? html`answer that the teacher gives to a label` : html`teacher's most likely class`}. Above 1, the student is surer than a sure teacher. On ${isPerDecision ? 'decisions that the teacher gets wrong' : 'examples that the teacher misclassifies'}, smaller is better.</p>
<div class="scroll" role="region" aria-label="Exaggeration of the students" tabindex="0"><table class="narrow">
<thead><tr><th scope="col">Student</th><th scope="col">Slope</th><th scope="col">If the teacher is wrong</th></tr></thead>
<tbody>${Object.entries(exaggeration).map(
    ([name, { all, teacherWrong }]) =>
      html`<tr><th scope="row">${name}</th><td>${slope(all)}</td><td>${slope(teacherWrong)}</td></tr>
`,
  )}</tbody>
</table></div>
</section>`;
}
