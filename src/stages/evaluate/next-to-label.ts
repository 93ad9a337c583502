import { sum } from '../../arrays.ts';
import { createDigester } from '../../data/content-digest.ts';
import { DigestIndex } from '../../data/digest-index.ts';
import { legible, type Preview } from '../../data/features/preview.ts';
import { labelOfNames, withSemicolons } from '../../data/label-list.ts';
import { spreadsheetField } from '../../data/spreadsheet-text.ts';
import {
  type LabelCandidate,
  LabelNext,
  labelCandidate,
  labelNextPool,
} from '../../debias/label-next.ts';
import { countedShards, labeledShard, usableLabels } from '../../distill/sets.ts';
import { labelStudioConfig, labelStudioTasks } from '../../evaluate/label-page/label-studio.ts';
import { renderLabelPage } from '../../evaluate/label-page/page.ts';
import { type Previews, previewKey } from '../../evaluate/report/previews.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { planDecisions } from '../../run/plan-file.ts';
import { writeOnce } from '../../store/once.ts';
import { readLocated } from './located.ts';
import { examplesShown } from './measure.ts';
import { readPreviews } from './previews.ts';

/** Number of examples in `label-next.csv`. */
const labelNextCount = 500;

/** An unlabeled example whose label would help. */
interface ToLabel {
  readonly shard: string;
  readonly id: string;
  /** Class that the teacher predicts, or list of classes in a multi-label task, as a label. */
  readonly prediction: string;
  /** In a multi-label task, the smallest margin of a label. */
  readonly margin: number;
}

/** Number of examples on the page, and the limits of their previews. */
const onPage = 200;
const pageLimits = { size: legible, bytes: 4 * 2 ** 20 };

/**
 * Selects the unlabeled examples to label next, the most useful first. Writes them as a table, and
 * the first as a page for a browser and as tasks for Label Studio.
 */
export async function writeLabelNext(job: Job): Promise<ToLabel[]> {
  const { plan, results, run } = job;
  const chosen = await nextToLabel(job);
  const examples = chosen.slice(0, onPage);
  const shown = examplesShown(plan.config) === 0 ? [] : examples;
  const previews = await readPreviews(job, shown, pageLimits);
  await writeOnce(results, keys.labelNext(run), Buffer.from(labelNextCsv(chosen, previews)));
  const { dataset, classes } = plan;
  const { isMultiLabel } = planDecisions(plan);
  const toLabel = { run, dataset, classes, isMultiLabel, examples };
  const files = {
    [keys.labelPage(run)]: renderLabelPage(toLabel, previews),
    [keys.labelStudio(run, 'tasks.json')]: labelStudioTasks(toLabel, previews),
    [keys.labelStudio(run, 'config.xml')]: labelStudioConfig(toLabel, previews),
  };
  for (const [key, text] of Object.entries(files)) await writeOnce(results, key, Buffer.from(text));
  return chosen;
}

/** Maximum number of selected examples that may turn out to be labeled already. */
const maxKnown = 2_000;

/**
 * Selects the examples, equal ones once. Those that have a true label are left out: `add-labels`
 * copies examples to labeled/, and they stay in unlabeled/. A test example must not be learned.
 */
export async function nextToLabel(job: Job): Promise<ToLabel[]> {
  const known = await labeledDigests(job);
  const selected = await selectExamples(job, labelNextCount + Math.min(known.size, maxKnown));
  const digest = createDigester(job.plan.features);
  const left = new Set<string>();
  for await (const { shard, example } of readLocated(job, selected)) {
    const found = digest(example.content);
    if (known.find(found) !== undefined) left.add(previewKey({ shard, id: example.id }));
    known.add(found);
  }
  return selected.filter((example) => !left.has(previewKey(example))).slice(0, labelNextCount);
}

/** Digests the examples with true labels. */
async function labeledDigests(job: Job): Promise<DigestIndex> {
  const digest = createDigester(job.plan.features);
  const index = new DigestIndex();
  for (const item of await shardItems(job, 'labeled', 'validation', 'test')) {
    for await (const { example } of labeledShard(job, item, { encoders: [] })) {
      index.add(digest(example.content));
    }
  }
  return index;
}

async function selectExamples(job: Job, count: number): Promise<ToLabel[]> {
  const { classes } = job.plan;
  const decisions = planDecisions(job.plan);
  const next = new LabelNext<LabelCandidate & { readonly shard: string }>(classes.length, count);
  // Every `stride`-th shard, so that the pool has about `labelNextPool` examples.
  const shards = await countedShards(job, 'unlabeled');
  const stride = Math.ceil(sum(shards.map(({ count }) => count)) / labelNextPool);
  for (const { item } of shards.filter((_, index) => index % stride === 0)) {
    for await (const row of usableLabels(job, item)) {
      next.add({ ...labelCandidate(row, decisions), shard: item.id });
    }
  }
  const textOf = (predicted: readonly number[]) => {
    const names = predicted.map((index) => classes[index]!);
    return decisions.isMultiLabel ? withSemicolons(labelOfNames(names)) : names[0]!;
  };
  return next.result().map(({ shard, id, predicted, margin }) => ({
    shard,
    id,
    prediction: textOf(predicted),
    margin,
  }));
}

/** Columns of the file before those of the content. */
const ownColumns = ['id', 'label', 'prediction', 'margin'];

/**
 * Formats the file that `counterweight add-labels` reads once its column `label` is filled in.
 * Further columns show the text or the columns of the first examples.
 */
export function labelNextCsv(examples: readonly ToLabel[], previews: Previews): string {
  const contents = examples.map((example) => cellsOf(previews.get(previewKey(example))));
  const names = new Set(contents.flatMap((cells) => [...cells.keys()]));
  // Readers drop the spaces around a name.
  for (const name of names) if (ownColumns.includes(name.trim())) names.delete(name);
  const lines = examples.map(({ id, prediction, margin }, row) =>
    [
      ...[spreadsheetField(id), '', spreadsheetField(prediction), margin.toFixed(3)],
      ...Array.from(names, (name) => spreadsheetField(contents[row]!.get(name) ?? '')),
    ].join(),
  );
  const header = [...ownColumns, ...Array.from(names, spreadsheetField)].join();
  return `${[header, ...lines].join('\n')}\n`;
}

/** Returns the content of an example as columns; a picture has none. */
function cellsOf(preview: Preview | undefined): ReadonlyMap<string, string> {
  if (preview?.kind === 'text') return new Map([['text', preview.text]]);
  return new Map(preview?.kind === 'columns' ? preview.cells : []);
}
