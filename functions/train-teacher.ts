import { jobEvent } from '../src/stages/events.ts';
import { trainTeacher } from '../src/stages/train-teacher.ts';
import { entry } from './entry.ts';

export const handler = entry('Train teacher', jobEvent, trainTeacher);
