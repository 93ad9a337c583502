import type { z } from 'zod';
import { rowSchema } from '../row.ts';

/**
 * Results of one draw of labels: `evidence/pretrained/rows/<problem>-<labels>-<seed>.json`. The
 * models are named `<teacher>/teacher`, `<teacher>/<student>/<training>`, `labels/<model>` (of the
 * labels alone) and `clean/<student>` (of the true labels of all examples). `seconds` is the time
 * of the last process: an interrupted draw took longer.
 */
export const pretrainedRowSchema = rowSchema.omit({ relabel: true, auto: true });
export type PretrainedRow = z.infer<typeof pretrainedRowSchema>;
