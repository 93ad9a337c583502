/**
 * Makes a run that is planned and has its teacher, in an empty folder: node prepare-label.js FOLDER
 *
 * Prints the event with which Step Functions calls the label function for its unlabeled shard.
 */
import { join } from 'node:path';
import { openJob, shardItems } from '../../src/run/job.ts';
import { planRun } from '../../src/stages/plan.ts';
import { startRun } from '../../src/stages/start.ts';
import { trainTeacher } from '../../src/stages/train-teacher.ts';
import { writeImageDataset } from './image-dataset.ts';

const [folder = ''] = process.argv.slice(2);
const dataset = join(folder, 'dataset');
await writeImageDataset(dataset, 64);
const started = await startRun(dataset, join(folder, 'results'));
const event = { ...started, execution: started.run };
const context = { signal: new AbortController().signal, report: () => {} };
await planRun(event, context);
await trainTeacher(event, context);
const [shard] = await shardItems(await openJob(event), 'unlabeled');
console.log(JSON.stringify({ ...event, shard }));
