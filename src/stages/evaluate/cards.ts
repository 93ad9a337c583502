/** The model cards of the students, one in each student's folder. */
import { renderCard } from '../../evaluate/card/card.ts';
import type { RunMetrics } from '../../evaluate/run-metrics.ts';
import { readEncoder, readNormalizer } from '../../models/encoders/stored-encoder.ts';
import { encoderFolder, readDescription } from '../../models/model-files.ts';
import type { Job } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import { writeOnce } from '../../store/once.ts';

/** Writes the cards of all students. */
export async function writeCards({ plan, results, run }: Job, metrics: RunMetrics): Promise<void> {
  for (const { variant: student } of metrics.students) {
    const folder = keys.student(run, student);
    const description = await readDescription(results, folder);
    const isHead = description.examples !== undefined;
    const encoder = isHead ? await readEncoder(results, `${folder}${encoderFolder}`) : undefined;
    const normalizer =
      encoder?.reads === 'text'
        ? await readNormalizer(results, `${folder}${encoderFolder}`, encoder)
        : undefined;
    const facts = { run: metrics, student, config: plan.config, description, encoder, normalizer };
    const card = renderCard(facts);
    await writeOnce(results, keys.card(run, student), Buffer.from(card));
  }
}
