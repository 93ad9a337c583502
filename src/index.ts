/**
 * Runs on one machine, stores of objects, and trained students. `counterweight/debias` has the
 * arithmetic of the methods alone.
 */

export type { LabelsDescription } from './distill/export-labels.ts';
export { type RunOptions, type RunSummary, run } from './engines/embedded.ts';
export type { LabelCache } from './engines/execute.ts';
export { type LabelOptions, type LabelSummary, label } from './engines/label.ts';
export { type PlanOptions, type PlanSummary, plan } from './engines/plan.ts';
export { InterruptedError, TransientError, UserError } from './errors.ts';
export type { RunMetrics as Metrics } from './evaluate/run-metrics.ts';
export { type LoadedStudent, loadStudent } from './models/load-student.ts';
export type { StudentPrediction } from './models/prediction.ts';
export type { StudentExample } from './models/student-input.ts';
export { openService, type StudentService } from './predict/open-service.ts';
export type { ServiceAnswer, ServiceRequest } from './predict/serve-requests.ts';
export type { Progress } from './run/context.ts';
export { openStore } from './store/open.ts';
export type {
  ByteRange,
  ListedObject,
  ObjectInfo,
  ObjectStore,
  ReadOptions,
  WriteCondition,
} from './store/store.ts';
