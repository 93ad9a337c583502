import { shardEvent } from '../src/stages/events.ts';
import { labelShard } from '../src/stages/label.ts';
import { entry } from './entry.ts';

export const handler = entry('Label', shardEvent, labelShard);
