/** A model of a user in a process of its own, with limits. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { findIsolation } from '#setup/isolation.mjs';
import { UserError } from '../../errors.ts';
import { bytes } from '../../format.ts';
import type { InputTensor, LoadedModel } from '../teachers/loaded-model.ts';
import { modelEnvironment } from './environment.ts';
import { type ModelLimits, modelLimits, residentBytes } from './limits.ts';
import type { ModelSource } from './model-source.ts';
import { OwnFolder } from './own-folder.ts';
import { closeShared, openShared, store } from './shared-file.ts';
import { type FromModel, fromModel, type ToModel } from './wire.ts';

/** Characters of the standard error of a process that are kept, to be reported if it ends. */
const lastWordsLength = 1000;

/** Maximum time to count between two checks of a process, in ms. */
const maxTickMs = 5_000;

const distrust =
  'If you trust the model, use a machine with more memory or a smaller batchSize, or export a smaller model.';

/** An answer that is waited for. */
interface Call {
  resolve(message: FromModel): void;
  reject(error: Error): void;
}

/** A model in a process of its own. */
export interface ConfinedModel extends LoadedModel {
  /** Returns whether it can be used again: it was not stopped, and no call waits for its answer. */
  isIdle(): boolean;
}

/**
 * Loads a model in a process of its own. If the process ends between two batches, such as by the
 * system if memory is short, the next batch starts another one.
 *
 * @param teacherKind Name of the kind of teachers that loads its format.
 * @param script Compiled file of `model-process.ts`.
 * @param ready A process without a model, to be used first. Default: one is started.
 * @throws UserError if the model is refused, or exceeds a limit; then the process is killed. Error
 *   if it cannot be loaded.
 */
export async function loadConfined(
  teacherKind: string,
  source: ModelSource,
  script: string,
  limits: ModelLimits = modelLimits(),
  ready?: ModelProcess,
): Promise<ConfinedModel> {
  const start = (process = new ModelProcess(script, limits)) => ({
    process,
    loading: load(process, teacherKind, source, limits),
  });
  let { process, loading } = start(ready?.endedIdle ? undefined : ready);
  const { inputs, outputs, classLabels } = await loading;
  return {
    ...{ inputs, outputs, classLabels },
    async run(feeds, names) {
      if (process.endedIdle) ({ process, loading } = start());
      await loading;
      const answer = await process.run(feeds, names);
      if (answer.kind !== 'outputs') throw new Error('the process gave another answer');
      return answer.outputs;
    },
    isIdle: () => process.isIdle,
    dispose: () => process.kill(),
  };
}

async function load(
  process: ModelProcess,
  teacherKind: string,
  source: ModelSource,
  { loadMs }: ModelLimits,
): Promise<Extract<FromModel, { kind: 'loaded' }>> {
  process.name = source.name;
  try {
    const seen = await process.show(source);
    const message = { kind: 'load', teacherKind, source: seen } as const;
    const loaded = await process.call(() => message, 'loading', loadMs);
    if (loaded.kind === 'loaded') return loaded;
    throw new Error('the process of the model gave another answer');
  } catch (error) {
    process.kill();
    throw error;
  }
}

/** A process that loads and runs a model, one call at a time. */
export class ModelProcess {
  /** Name of the model in errors. */
  name = 'the model';
  readonly #limits: ModelLimits;
  readonly #child: ChildProcess;
  readonly #shared = openShared();
  /** Undefined if the process sees all files. */
  readonly #folder: OwnFolder | undefined;
  #call: Call | undefined;
  /** Calls wait for those before. */
  #last: Promise<unknown> = Promise.resolve();
  /** Number of calls without an answer. */
  #waiting = 0;
  #lastWords = '';
  /** Set when the process has ended, or has been killed. */
  #ended: Error | undefined;
  /** Whether the process has ended by itself while no call waited for it. */
  endedIdle = false;

  constructor(script: string, limits: ModelLimits = modelLimits()) {
    this.#limits = limits;
    const { command, hidesFiles } = findIsolation();
    this.#folder = hidesFiles ? new OwnFolder() : undefined;
    const entry = this.#folder?.entry(script) ?? [];
    const [program, ...rest] = [...command, ...entry, process.execPath, script];
    this.#child = spawn(program!, rest, {
      env: modelEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', this.#shared],
      serialization: 'advanced',
      // Ctrl-C reaches a whole process group. The user of the model decides when it ends.
      detached: process.platform !== 'win32',
    });
    this.#child.on('message', (message) => {
      const answer = fromModel.safeParse(message);
      if (answer.success) this.#call?.resolve(answer.data);
      else this.#stop('its process gave an answer of another form');
    });
    this.#child.on('error', (error) => this.#end(error));
    this.#child.on('exit', (code, signal) => {
      this.endedIdle = this.#ended === undefined && this.#waiting === 0;
      this.#end(this.#death(code, signal));
    });
    // The only event that also follows a program that cannot be started.
    this.#child.on('close', () => {
      closeShared(this.#shared);
      this.#folder?.remove();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-lastWordsLength);
    });
    this.#keepAlive(false);
  }

  /** Imports the library of a kind of teachers before a model is loaded. */
  prepare(teacherKind: string): void {
    // The load that follows meets the same error.
    this.#child.send({ kind: 'prepare', teacherKind } satisfies ToModel, () => {});
  }

  /** Lets the process see the files of a model. @returns the model, with the paths it sees. */
  async show(source: ModelSource): Promise<ModelSource> {
    try {
      return this.#folder ? await this.#folder.show(source) : source;
    } catch (error) {
      throw this.#ended ?? error; // The folder is removed with the process.
    }
  }

  get isIdle(): boolean {
    return this.#waiting === 0 && (this.#ended === undefined || this.endedIdle);
  }

  /** Runs the model on a batch. */
  run(feeds: readonly InputTensor[], outputs: readonly string[]): Promise<FromModel> {
    // The file has the tensors of one call, so that they are written when it is its turn.
    const message = () => ({ kind: 'run', feeds: store(this.#shared, feeds), outputs }) as const;
    return this.call(message, 'a batch', this.#limits.callMs);
  }

  /**
   * Sends a message and waits for the answer.
   * @param message Makes the message when earlier calls have ended.
   * @param what Subject of an error: `a batch`.
   */
  call(message: () => ToModel, what: string, limitMs: number): Promise<FromModel> {
    this.#waiting++;
    const answer = this.#last
      .then(() => this.#callNow(message, what, limitMs))
      .finally(() => this.#waiting--);
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #callNow(message: () => ToModel, what: string, limitMs: number): Promise<FromModel> {
    if (this.#ended) throw this.#ended;
    this.#keepAlive(true);
    const stopWatching = this.#watch(what, limitMs);
    try {
      const answer = await new Promise<FromModel>((resolve, reject) => {
        this.#call = { resolve, reject };
        this.#child.send(message(), (error) => {
          if (error) this.#end(error);
        });
      });
      if (answer.kind !== 'error') return answer;
      throw answer.isUserError
        ? new UserError(answer.message, answer.hint)
        : new Error(answer.message);
    } finally {
      this.#call = undefined;
      stopWatching();
      this.#keepAlive(false);
    }
  }

  /** Kills the process if it exceeds a limit. @returns a function that ends this. */
  #watch(what: string, limitMs: number): () => void {
    const { memoryBytes, everyMs } = this.#limits;
    let usedMs = 0;
    let lastMs = performance.now();
    const timer = setInterval(() => {
      const nowMs = performance.now();
      // In a longer time, this process was paused, such as by Ctrl-Z: the answer may have arrived.
      usedMs += Math.min(nowMs - lastMs, maxTickMs);
      lastMs = nowMs;
      if (usedMs > limitMs) {
        const seconds = (usedMs / 1000).toFixed(1);
        this.#stop(`${what} took ${seconds} s, and the limit is ${limitMs / 1000} s`);
      }
      const used = residentBytes(this.#child.pid!) ?? 0;
      if (used > memoryBytes) {
        this.#stop(`it took ${bytes(used)} of memory, and the limit is ${bytes(memoryBytes)}`);
      }
    }, everyMs);
    return () => clearInterval(timer);
  }

  #stop(reason: string): void {
    this.#end(new UserError(`${this.name} was stopped: ${reason}`, distrust));
    this.kill();
  }

  kill(): void {
    this.#ended ??= new Error(`${this.name} was disposed of`);
    this.#child.kill('SIGKILL');
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#call?.reject(this.#ended);
  }

  #death(code: number | null, signal: NodeJS.Signals | null): Error {
    const why = signal ?? `exit code ${code}`;
    const memory = signal === 'SIGKILL' ? ': the system does this if memory is short' : '';
    const message = `the process that ran ${this.name} ended early (${why})${memory}`;
    return new UserError(`${message}\n${this.#lastWords}`.trimEnd(), distrust);
  }

  /** A process that waits for its next batch must not keep this one alive. */
  #keepAlive(isBusy: boolean): void {
    const { stderr } = this.#child;
    if (isBusy) {
      this.#child.ref();
      this.#child.channel?.ref();
      if (stderr instanceof Socket) stderr.ref();
    } else {
      this.#child.unref();
      this.#child.channel?.unref();
      if (stderr instanceof Socket) stderr.unref();
    }
  }
}
