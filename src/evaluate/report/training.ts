import { fixed, percent } from '../../format.ts';
import { chart, line, niceRange } from '../chart.ts';
import { html, type Markup } from '../html.ts';
import { isMultiLabel } from '../main-metric.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { legendItem, panel, percentTick } from './panel.ts';

type Student = RunMetrics['students'][number];
type Epoch = Student['history'][number];

/** Captions of a task with one class per example. */
const ofClasses = {
  accuracy: 'Test accuracy',
  agreement:
    'Share of the unlabeled examples that the student, while it trains, assigns to the class of their pseudo-label. A share above the accuracy of the labels shows that it has learned some of their mistakes.',
  weight: 'Mean loss weight of the unlabeled examples; a weight of 1 has no effect.',
};

/** Captions of a multi-label task. */
const ofLabels = {
  accuracy: 'Right decisions on the test set',
  agreement:
    "Share of the decisions about labels of unlabeled examples on which the student, while it trains, agrees with the teacher. A share above the teacher's share of right decisions shows that it has learned some of its mistakes.",
  weight:
    'Mean loss weight of the decisions about unlabeled examples; a weight of 1 has no effect.',
};

const heldOutCaption =
  'At the end of each epoch, on a sample of up to 1,000 test examples. The training does not use these figures. If they become worse, the student learns mistakes of its labels. A number of epochs that is chosen by them makes the final figures too good.';

/** Renders the students' training curves. */
export function trainingSection({ students, metrics }: RunMetrics): Markup | false {
  const captions = isMultiLabel(metrics) ? ofLabels : ofClasses;
  if (students.every(({ history }) => history.length === 0)) return false;
  return html`<section>
<h2>Training</h2>
<ul class="legend">${students.map(({ variant }, series) => legendItem(variant, series))}</ul>
<div class="charts">
${curve(students, 'Loss', 'Mean training loss per epoch, weighted for a student with weights.', ({ loss }) => loss)}
${curve(students, captions.accuracy, heldOutCaption, ({ heldOut }) => heldOut?.accuracy, percentTick)}
${curve(students, 'Test log-loss', 'On the same examples. It also grows if the student becomes surer of its mistakes.', ({ heldOut }) => heldOut?.logLoss)}
${curve(students, 'Agreement with the labels', captions.agreement, ({ agreement }) => agreement, percentTick)}
${hasWeights(students) && curve(students, 'Mean weight', captions.weight, ({ meanWeight }) => meanWeight)}
</div>
</section>`;
}

/** Returns whether the weights of any student have an effect. */
function hasWeights(students: readonly Student[]): boolean {
  return students.some(({ history }) => history.some(({ meanWeight = 1 }) => meanWeight !== 1));
}

/** Renders a figure per epoch for every student that has it. @returns false if none has. */
function curve(
  students: readonly Student[],
  title: string,
  caption: string,
  figure: (epoch: Epoch) => number | undefined,
  format?: (value: number) => string,
): Markup | false {
  const values = students.flatMap(({ history }) => history.flatMap((epoch) => figure(epoch) ?? []));
  if (values.length === 0) return false;
  const epochs = [
    ...new Set(students.flatMap(({ history }) => history.map(({ epoch }) => epoch))),
  ].sort((a, b) => a - b);
  const xAxis = {
    label: 'epoch',
    low: epochs[0]! + 1,
    high: Math.max(epochs.at(-1)!, epochs[0]! + 1) + 1,
    format: (value: number) => (Number.isInteger(value) ? String(value) : ''),
  };
  const yAxis = { label: title, ...niceRange(values), ...(format && { format }) };
  const at = ({ history }: Student, epoch: number) => {
    const record = history.find((candidate) => candidate.epoch === epoch);
    return (record && figure(record)) ?? Number.NaN;
  };
  const drawn = chart(
    title,
    caption,
    xAxis,
    yAxis,
    (scales) =>
      html`${students.map((student, series) =>
        line(
          scales,
          epochs.map((epoch) => [epoch + 1, at(student, epoch)] as const),
          series,
        ),
      )}`,
  );
  const show = format ? (value: number) => percent(value) : (value: number) => fixed(value, 4);
  const head = ['Epoch', ...students.map(({ variant }) => variant)];
  const rows = epochs.map((epoch) => [
    epoch + 1,
    ...students.map((student) => show(at(student, epoch))),
  ]);
  return panel(title, caption, drawn, head, rows);
}
