/**
 * Calls without progress. A task that a function does in several calls keeps what it did: a
 * checkpoint, a model, the labels of a shard. If a whole call keeps nothing, the next one starts
 * where it started, and would end in the same way.
 */
import { InterruptedError, StalledError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Context } from './context.ts';

/**
 * Wraps a task that resumes. If a call is interrupted and has committed no object, it throws a
 * StalledError in place of the InterruptedError. The workflow calls it again twice, not a hundred
 * times. Only calls of functions end for their time: a job on a GPU is stopped if AWS takes the
 * instance back, and a local run by its user.
 *
 * @param remedy Change of the config after which a call gets further, as the end of "Choose …".
 */
export function noticeStall<Event, Result>(
  run: (event: Event, context: Context) => Promise<Result>,
  remedy: string,
): (event: Event, context: Context) => Promise<Result> {
  return async (event, context) => {
    let commits = 0;
    try {
      return await run(event, { ...context, onCommit: () => commits++ });
    } catch (error) {
      const isOfFunction = context.deployment !== undefined;
      if (!(error instanceof InterruptedError) || !isOfFunction || commits > 0) throw error;
      throw new StalledError(
        'a whole call made no progress: it added no checkpoint and no other file',
        'After three such calls of a task, the workflow gives up. If S3 was slow, start the run ' +
          'again: it continues where it was. Otherwise, a call would need more time than a ' +
          `function has. Choose ${remedy}.`,
      );
    }
  };
}

/**
 * Calls `onCommit` after every commit of a store: an object that was absent, or a pointer that
 * moves. All commits are conditional writes. Other writes do not count, such as the bytes of a
 * checkpoint that LATEST does not name yet.
 */
export function watchCommits(store: ObjectStore, onCommit: () => void): ObjectStore {
  return {
    location: store.location,
    head: (key) => store.head(key),
    read: (key, options) => store.read(key, options),
    list: (prefix) => store.list(prefix),
    folders: (prefix) => store.folders(prefix),
    async write(key, body, condition) {
      const written = await store.write(key, body, condition);
      if (condition && written) onCommit();
      return written;
    },
  };
}
