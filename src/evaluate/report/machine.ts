import { bytes, count, counted, duration } from '../../format.ts';
import type { MachineFile } from '../../run/machine-file.ts';
import { html, type Markup } from '../html.ts';

/** Renders the machine that evaluated the run, versions, and the time of each stage. */
export function machineSection(machine: MachineFile | undefined): Markup | false {
  if (machine === undefined) return false;
  const { processor, cores, memoryBytes, system, versions, stages } = machine;
  const facts = [
    ['Processor', processor],
    ['Machine', `${counted(cores, 'core')}, ${bytes(memoryBytes)}, ${system}`],
    ...Object.entries(versions),
  ] as const;
  return html`<section>
<h2>Machine and time</h2>
<p class="note">The machine that ran Evaluate. A run on AWS has other machines for other stages.</p>
<dl class="facts small">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${stages.length > 0 && timesTable(stages)}
</section>`;
}

function timesTable(stages: MachineFile['stages']): Markup {
  return html`<div class="scroll" role="region" aria-label="Time of the stages" tabindex="0"><table class="narrow">
<caption>Sum over the calls of a stage, some of which ran at once. Evaluate, which writes this report, and Publish, which follows, are not included.</caption>
<thead><tr><th scope="col">Stage</th><th scope="col">Calls</th><th scope="col">Time</th></tr></thead>
<tbody>${stages.map(
    ({ title, calls, seconds }) =>
      html`<tr><th scope="row">${title}</th><td>${count(calls)}</td><td>${duration(seconds)}</td></tr>
`,
  )}</tbody>
</table></div>`;
}
