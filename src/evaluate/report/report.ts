import type { Config } from '../../config/schema.ts';
import { plainMethod } from '../../debias/methods.ts';
import { counted } from '../../format.ts';
import type { MachineFile } from '../../run/machine-file.ts';
import { html } from '../html.ts';
import { renderPage } from '../html-page.ts';
import { isMultiLabel, mainMetric } from '../main-metric.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { caveats, distillationVerdict, teacherVerdict, verdict } from '../verdict.ts';
import { confusionSection } from './confusion.ts';
import { costSection } from './cost.ts';
import { dataSection } from './data.ts';
import { deviationsSection } from './deviations.ts';
import { differencesSection } from './differences.ts';
import { figuresSection } from './figures.ts';
import { filesSection } from './files.ts';
import { gallerySection } from './gallery.ts';
import { labelFiguresSection } from './label-figures.ts';
import { labelNextSection } from './label-next.ts';
import { leakageSection } from './leakage.ts';
import { machineSection } from './machine.ts';
import { nextStepsSection } from './next-steps.ts';
import type { Previews } from './previews.ts';
import { recallSection } from './recall.ts';
import { relabelingSection } from './relabeling.ts';
import { reliabilitySection } from './reliability.ts';
import { reproductionSection } from './reproduction.ts';
import { reportStyle } from './style.ts';
import { trainingSection } from './training.ts';
import { weightingSection } from './weighting.ts';

/**
 * Renders the report of a run as one self-contained HTML file, without scripts or requests.
 *
 * @param previews The content of the examples that it shows. Default: it only names them.
 * @param config The config of the run. Default: the report does not show it.
 * @param machine The machine, and times. Default: the report does not show them.
 */
export function renderReport(
  metrics: RunMetrics,
  previews: Previews = new Map(),
  config?: Config,
  machine?: MachineFile,
): string {
  const { run, dataset, evaluatedOn } = metrics;
  const verdicts = [
    distillationVerdict(metrics),
    verdict(metrics, plainStudent(metrics)),
    teacherVerdict(metrics),
  ].filter((one) => one !== undefined);
  const { oneClass, classes } = mainMetric(metrics.metrics);
  const warnings = [...caveats(metrics), ...metrics.warnings];
  const body = html`<header>
<p class="eyebrow">counterweight, distillation report</p>
<h1>${dataset}</h1>
<p>Run <code>${run}</code>. ${counted(metrics.classes.length, oneClass, classes)}, evaluated on ${counted(metrics.metrics.examples, `${evaluatedOn} example`)}.</p>
</header>
<main>
${verdicts.map(
  ({ outcome, headline, detail }) =>
    html`<div class="verdict ${outcome}"><p class="headline">${headline}</p><p>${detail}</p></div>
`,
)}${warnings.length > 0 && html`<ul class="warnings">${warnings.map((text) => html`<li>${text}</li>`)}</ul>`}
${nextStepsSection(metrics, config)}
${figuresSection(metrics, machine)}
${leakageSection(metrics)}
${differencesSection(metrics)}
${confusionSection(metrics, previews)}
${isMultiLabel(metrics.metrics) ? labelFiguresSection(metrics) : recallSection(metrics)}
${gallerySection(metrics, previews)}
${labelNextSection(metrics, previews)}
${reliabilitySection(metrics)}
${weightingSection(metrics, previews)}
${deviationsSection(metrics)}
${relabelingSection(metrics)}
${trainingSection(metrics)}
${filesSection(metrics)}
${dataSection(metrics)}
${costSection(metrics)}
${machineSection(machine)}
${reproductionSection(metrics, config)}
</main>`;
  return renderPage({ title: `${dataset}: distillation report`, style: reportStyle }, body);
}

/** Returns the name of the student of plain distillation. Default: the second student. */
function plainStudent({ students }: RunMetrics): string | undefined {
  const others = students.slice(1).map(({ variant }) => variant);
  return others.find((name) => name === plainMethod) ?? others[0];
}
