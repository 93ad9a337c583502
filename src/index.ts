/** counterweight as a library: the whole workflow on one machine, from TypeScript. */

export { type RunOptions, type RunSummary, run } from './engines/embedded.ts';
export { type PlanOptions, type PlanSummary, plan } from './engines/plan.ts';
export { InterruptedError, UserError } from './errors.ts';
export type { RunMetrics as Metrics } from './evaluate/run-metrics.ts';
export type { Progress } from './run/context.ts';
