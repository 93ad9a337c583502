/** Events of an execution as Step Functions sends them: times are seconds since 1970. */
export interface RecordedEvent {
  readonly id: number;
  readonly timestamp: number;
  readonly type: string;
  readonly [details: string]: unknown;
}

/** When all recorded executions began. */
export const beganAt = Date.UTC(2026, 10, 25, 12) / 1000;

export const labelMapRun = 'arn:aws:states:us-east-1:000000000000:mapRun:counterweight/Label:1';
export const weighMapRun = 'arn:aws:states:us-east-1:000000000000:mapRun:counterweight/Weigh:2';

/** Writes the history of an execution of the workflow, second by second. */
export class Recording {
  readonly events: RecordedEvent[] = [];
  #second = 0;

  constructor() {
    this.add('ExecutionStarted');
  }

  after(seconds: number): this {
    this.#second += seconds;
    return this;
  }

  add(type: string, details: Record<string, unknown> = {}): this {
    const id = this.events.length + 1;
    this.events.push({ id, timestamp: beganAt + this.#second, type, ...details });
    return this;
  }

  enter(name: string, kind: 'Task' | 'Map' | 'Choice' | 'Succeed' | 'Fail' = 'Task'): this {
    return this.add(`${kind}StateEntered`, { stateEnteredEventDetails: { name } });
  }

  exit(name: string, kind: 'Task' | 'Map' | 'Choice' | 'Succeed' = 'Task'): this {
    return this.add(`${kind}StateExited`, { stateExitedEventDetails: { name } });
  }

  /** A stage that is one call of a function. */
  task(name: string, seconds: number): this {
    return this.enter(name)
      .add('TaskScheduled')
      .add('TaskStarted')
      .after(seconds)
      .add('TaskSucceeded')
      .exit(name);
  }

  /** Events before Label; a Choice skips Encode, and another one Train teacher. */
  plan(seconds = 4): this {
    return this.task('Plan', seconds)
      .enter('Does a network read embeddings', 'Choice')
      .exit('Does a network read embeddings', 'Choice')
      .enter('Is the teacher ours to train', 'Choice')
      .exit('Is the teacher ours to train', 'Choice')
      .task('Calibrate', 1);
  }

  enterShards(name: string, mapRunArn: string): this {
    return this.enter(name, 'Map')
      .add('MapStateStarted', { mapStateStartedEventDetails: { length: 0 } })
      .add('MapRunStarted', { mapRunStartedEventDetails: { mapRunArn } });
  }

  shards(name: string, mapRunArn: string, seconds: number): this {
    return this.enterShards(name, mapRunArn)
      .after(seconds)
      .add('MapRunSucceeded')
      .add('MapStateSucceeded')
      .exit(name, 'Map');
  }

  /** Up to Train variants, which begins. */
  enterTraining(students: number): this {
    return this.plan()
      .shards('Label', labelMapRun, 60)
      .task('Reconcile', 2)
      .task('Warm up', 20)
      .shards('Weigh', weighMapRun, 30)
      .enter('Train variants', 'Map')
      .add('MapStateStarted', { mapStateStartedEventDetails: { length: students } });
  }

  iteration(what: 'Started' | 'Succeeded' | 'Failed' | 'Aborted', index: number): this {
    const details = { name: 'Train variants', index };
    return this.add(`MapIteration${what}`, { [`mapIteration${what}EventDetails`]: details });
  }

  /** The whole workflow. */
  success(): this {
    return this.enterTraining(1)
      .iteration('Started', 0)
      .enter('Train in function')
      .after(90)
      .exit('Train in function')
      .iteration('Succeeded', 0)
      .add('MapStateSucceeded')
      .exit('Train variants', 'Map')
      .task('Evaluate', 5)
      .task('Publish', 1)
      .enter('Done', 'Succeed')
      .exit('Done', 'Succeed')
      .add('ExecutionSucceeded');
  }

  /** The end of an execution whose last state failed: no state catches it. */
  fail(): this {
    return this.add('ExecutionFailed', {
      executionFailedEventDetails: { error: 'UserError', cause: 'no' },
    });
  }
}
