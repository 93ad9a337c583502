import { count, percent } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';

export function relabelingSection({ students }: RunMetrics): Markup | false {
  const relabeled = students.flatMap(({ variant, relabeling: rounds }) =>
    (rounds ?? []).map((round, place) => ({ variant, number: place + 1, ...round })),
  );
  const choices = students.flatMap(({ variant, choice }) =>
    choice ? [html`<p>${variant}: ${choice.explanation}</p>`] : [],
  );
  if (relabeled.length === 0 && choices.length === 0) return false;
  return html`<section>
<h2>Students in the place of the teacher</h2>
${choices}
<p class="note">Both answered examples of which neither had learned the label. Where the students win three of five disagreements, their labels are learned instead of the teacher's. The next round begins from them, and is taken when it is no worse. Where none is taken, the teacher's labels are learned, each weighed by how likely it is right.</p>
<div class="scroll"><table class="narrow">
<thead><tr><th scope="col">Student</th><th scope="col">Round</th><th scope="col">Examples</th><th scope="col">Right before</th><th scope="col">Right now</th><th scope="col">Gained</th><th scope="col">Lost</th><th scope="col" class="text">So</th></tr></thead>
<tbody>${relabeled.map(
    (round) =>
      html`<tr><th scope="row">${round.variant}</th><td>${round.number}</td><td>${count(round.examples)}</td><td>${percent(round.teacherRight / round.examples)}</td><td>${percent(round.studentRight / round.examples)}</td><td>${count(round.gained)}</td><td>${count(round.lost)}</td><td class="text">${round.accepted ? 'accepted' : 'refused'}</td></tr>
`,
  )}</tbody>
</table></div>
</section>`;
}
