import { percent } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { seriesClass } from '../series.ts';

/**
 * Lists the students in the order of the config, then the other models, so that each has the same
 * colour in every chart.
 */
export function modelNames({ students, metrics }: RunMetrics): string[] {
  const first = students.map(({ variant }) => variant).filter((name) => name in metrics.models);
  return [...first, ...Object.keys(metrics.models).filter((name) => !first.includes(name))];
}

/** Formats a tick of an axis of shares, with a digit only if it is needed. */
export const percentTick = (value: number) =>
  percent(value, Number.isInteger(Math.round(value * 1e6) / 1e4) ? 0 : 1);

/** Renders an entry of a chart's legend. */
export function legendItem(name: string, series: number): Markup {
  return html`<li><svg viewBox="0 0 32 12" aria-hidden="true"><path class="line ${seriesClass(series)}" d="M1 6H31"/></svg>${name}</li>`;
}

/** Renders a chart with its heading, its caption and its figures as a folded table. */
export function panel(
  title: string,
  caption: string,
  drawn: Markup,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): Markup {
  return html`<figure>
<h3>${title}</h3>
${drawn}
<figcaption>${caption}</figcaption>
<details><summary>As a table</summary><div class="scroll" role="region" aria-label="${title}" tabindex="0"><table>
<thead><tr>${head.map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${rows.map(([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div></details>
</figure>`;
}
