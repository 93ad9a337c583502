import { percent } from '../../format.ts';
import type { GalleryExample } from '../gallery.ts';
import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { exampleList, type Fact, type Previews, type ShownExample } from './previews.ts';

/** Renders the student's surest mistakes, and its largest disagreements with the teacher. */
export function gallerySection(metrics: RunMetrics, previews: Previews): Markup | false {
  const { gallery, students, evaluatedOn } = metrics;
  const student = students[0]?.variant ?? 'student';
  const { mistakes = [], disagreements = [] } = gallery ?? {};
  if (mistakes.length === 0 && disagreements.length === 0) return false;
  const list = (title: string, note: string, examples: readonly GalleryExample[]) =>
    examples.length > 0 &&
    html`<h3>${title}</h3>
<p class="note">${note}</p>
${exampleList(title, examples.map(shown), previews)}`;
  return html`<section>
<h2>Examples to look at</h2>
${list('Surest mistakes', `The ${evaluatedOn} examples that the ${student} student gets wrong with the highest probability. If the true class looks wrong, correct the label.`, mistakes)}
${list('Largest disagreements', `The ${evaluatedOn} examples for which the ${student} student and its teacher give different answers, the largest differences of their probabilities first.`, disagreements)}
</section>`;
}

function shown({ shard, id, about, truth, teacher, student }: GalleryExample): ShownExample {
  const answer = (name: string, given: GalleryExample['teacher']): Fact => ({
    name,
    text: `${given.class} (${percent(given.probability, 0)})`,
    isText: true,
  });
  const facts = [
    ...(about === undefined ? [] : [{ name: 'Label', text: about, isText: true }]),
    { name: 'True', text: truth, isText: true },
    answer('Student', student),
    answer('Teacher', teacher),
  ];
  return { shard, id, facts };
}
