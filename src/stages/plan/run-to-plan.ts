import type { AcceptedRecord } from '../../run/plan-file.ts';
import type { ObjectStore } from '../../store/store.ts';

/** A run that was started and has no plan yet. */
export interface RunToPlan extends Pick<AcceptedRecord, 'run' | 'config' | 'batches'> {
  readonly data: ObjectStore;
  readonly results: ObjectStore;
}
