import { z } from 'zod';
import type { Bench } from './bench.ts';

const result = z.object({ seconds: z.number(), objective: z.number() });

/** Solvers of scikit-learn for several classes and as many weights. */
const solvers = ['lbfgs', 'newton-cg'];

/** Training a linear head on embeddings, in CPU seconds. */
export const heads: Bench = async ({ scratch, node, python, say }) => {
  const what = 'training a linear head, 100,000 embeddings of 384, 10 classes, C = 10, CPU time';
  say(what);
  await python('heads_data', [scratch, '100000', '384'], z.object({}));
  const ours = await node('heads', [scratch, '384', '10'], result);
  const peers = [];
  for (const solver of solvers) {
    peers.push({ solver, ...(await python('heads', [scratch, '384', '10', solver], result)) });
  }
  const fastest = peers.reduce((best, peer) => (peer.seconds < best.seconds ? peer : best));
  const figures = [{ solver: 'ours', ...ours }, ...peers].map(
    ({ solver, seconds, objective }) =>
      [`${solver}: seconds, objective`, [seconds, objective]] as const,
  );
  return [
    {
      ...{ what, against: `scikit-learn's LogisticRegression, ${fastest.solver}, one thread` },
      ...{ ours: ours.seconds, theirs: fastest.seconds, unit: 's', atMost: 0.5 },
      figures: Object.fromEntries(figures),
    },
  ];
};
