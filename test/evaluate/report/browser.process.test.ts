/** Reports in a browser: on a phone and on a screen, in light and in dark. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Preview } from '../../../src/data/features/preview.ts';
import { renderReport } from '../../../src/evaluate/report/report.ts';
import type { RunMetrics } from '../../../src/evaluate/run-metrics.ts';
import { chromium } from '../../support/chromium.ts';
import { type Browser, type OpenPage, openBrowser } from '../../support/devtools.ts';
import {
  sampleConfig,
  sampleConfusion,
  sampleGallery,
  sampleLabelMetrics,
  sampleMachine,
  sampleMetrics,
  samplePicture,
} from '../../support/sample-metrics.ts';

const bins = [0.3, 0.6, 0.9].map((confidence) => ({ confidence, decisions: 300, right: 200 }));
const gallery = sampleGallery(20);
const filled: Partial<RunMetrics> = {
  gallery,
  reliability: { teacher: bins, weighted: bins },
  warnings: ['The teacher is wrong on 42% of the labels.'],
};

/** The content of every example of the gallery. */
function previewsOf(preview: Preview): ReadonlyMap<string, Preview> {
  return new Map(gallery.mistakes.map(({ shard, id }) => [`${shard}/${id}`, preview]));
}

const long = 'a-name-without-any-space-in-it-'.repeat(4);
const cells = Array.from({ length: 12 }, (_, i) => [`column ${i}`, `${long}${i}`] as const);
const classCounts = { labeled: Array.from({ length: 7 }, () => 1) };
const columns = cells.map(([name, note]) => ({
  ...{ name, use: 'none' as const, missing: 0, missingShare: 0, notes: [note] },
}));
const reports = {
  pictures: () =>
    renderReport(
      sampleMetrics({ ...filled, confusion: sampleConfusion }),
      previewsOf(samplePicture),
      sampleConfig,
      sampleMachine,
    ),
  columns: () =>
    renderReport(
      sampleMetrics({
        ...filled,
        isWeighted: false,
        classes: [long, ...'bcdefg'],
        classCounts,
        columns,
      }),
      previewsOf({ kind: 'columns', cells, more: 3 }),
    ),
  texts: () =>
    renderReport(sampleMetrics(filled), previewsOf({ kind: 'text', text: `${long} ${long}` })),
  'several labels': () => renderReport(sampleLabelMetrics({ ...filled, warnings: [long] })),
};

/** Measures of a page: its width, and the figures without a mark. */
const measures = z.object({ overflow: z.number(), empty: z.array(z.string()) });
const measure = `({
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  empty: [...document.querySelectorAll('figure')]
    .filter((figure) => !figure.querySelector('path.line, rect, circle'))
    .map((figure) => figure.textContent),
})`;

const fast = { resultTypes: ['violations'], selectors: false };

/** Violations of rules, of any severity. @param rules Names. Default: all. */
function violations(...rules: readonly string[]): string {
  const options = { ...fast, ...(rules.length > 0 && { runOnly: rules }) };
  return `axe.run(${JSON.stringify(options)}).then(({ violations }) =>
  violations.map(({ id, impact, nodes }) => [id, impact, nodes[0].html, nodes[0].failureSummary]))`;
}

describe.skipIf(chromium === undefined)('the report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-test-'));
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  async function fits(page: OpenPage): Promise<void> {
    expect(measures.parse(await page.evaluate(measure))).toEqual({ overflow: 0, empty: [] });
  }

  test.each(Object.entries(reports))('of %s is readable for everybody', async (name, render) => {
    const file = join(folder, `${name}.html`);
    writeFileSync(file, render());
    const page = await browser.open(pathToFileURL(file).href, { width: 390, scheme: 'light' });
    await page.evaluate(axe.source);
    await fits(page);
    expect(await page.evaluate(violations())).toEqual([]);
    await page.show({ width: 1440, scheme: 'dark' });
    await fits(page);
    // The other rules do not depend on the colours.
    expect(await page.evaluate(violations('color-contrast'))).toEqual([]);
    expect(page.messages).toEqual([]);
    expect(page.requests).toEqual([]);
  });
});
