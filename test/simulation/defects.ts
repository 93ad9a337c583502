/**
 * Defects to plant, one at a time, into the simulated layers: S3, Step Functions and the engine.
 * Each has the effect that the same mistake in the product would have. The simulation must find it.
 */
export const defects = {
  'no-condition': 'S3 gets no If-None-Match and no If-Match: the last writer wins.',
  'commit-before-data': 'An object is visible before all of its bytes are there.',
  'rename-in-two-steps': 'An object that replaces another is absent for a moment.',
  'lost-retry': 'The workflow calls no failed task again.',
  'double-count': 'Each call of Plan reserves the estimate of the run, also a repeated one.',
  'checksum-not-verified': 'Damaged bytes are passed on without an error.',
  'stale-listing': 'A listing lacks the newest objects.',
  'no-sync': 'A file is visible before its bytes are on the disk.',
  'endless-calls': 'A training that makes no progress is called again and again.',
  'clock-as-version': 'The ETag of an object is the second of its write.',
  'clock-as-order': "The newest version is the one with the latest time by its writer's clock.",
} as const;

export type Defect = keyof typeof defects;
export const defectNames = Object.keys(defects) as readonly Defect[];
