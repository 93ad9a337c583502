import { fewestJudged } from '../../debias/validation.ts';
import { count, percent } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';

/** Renders the choice of the method `auto` and the rounds of `relabel`. */
export function relabelingSection({ students }: RunMetrics): Markup | false {
  const relabeled = students.flatMap(({ variant, relabeling: rounds }) =>
    (rounds ?? []).map((round, index) => ({ variant, number: index + 1, ...round })),
  );
  const choices = students.flatMap(({ variant, choice }) =>
    choice ? [html`<p>${variant}: ${choice.explanation}</p>`] : [],
  );
  if (relabeled.length === 0 && choices.length === 0) return false;
  return html`<section>
<h2>Students as labelers</h2>
${choices}
<p class="note">Both classify examples whose labels neither was trained on. If the students win three of five disagreements, their labels replace the teacher's. The next round starts from these labels, and is accepted unless it is worse. If no round is accepted, the teacher's labels are used, each weighted by the probability that it is right; with fewer than ${fewestJudged} labels, all with the weight 1.</p>
<div class="scroll" role="region" aria-label="Students as labelers" tabindex="0"><table class="narrow">
<thead><tr><th scope="col">Student</th><th scope="col">Round</th><th scope="col">Examples</th><th scope="col">Right before</th><th scope="col">Right now</th><th scope="col">Gained</th><th scope="col">Lost</th><th scope="col" class="text">Result</th></tr></thead>
<tbody>${relabeled.map(
    (round) =>
      html`<tr><th scope="row">${round.variant}</th><td>${round.number}</td><td>${count(round.examples)}</td><td>${percent(round.teacherRight / round.examples)}</td><td>${percent(round.studentRight / round.examples)}</td><td>${count(round.gained)}</td><td>${count(round.lost)}</td><td class="text">${round.accepted ? 'accepted' : 'refused'}</td></tr>
`,
  )}</tbody>
</table></div>
</section>`;
}
