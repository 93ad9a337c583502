/** Notifications at the end of a run: a signed HTTP request. */
import { createHmac } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { RunSummary } from '../engines/embedded.ts';
import type { Metrics } from '../evaluate/schema.ts';
import { UsageError } from './arguments.ts';

/** Environment variable with the secret of the signature. */
export const secretVariable = 'COUNTERWEIGHT_WEBHOOK_SECRET';
/** Header with `sha256=` and the HMAC of the body, in hex. */
export const signatureHeader = 'x-counterweight-signature';

/** Body of a notification, as JSON. */
export type Notification = { readonly dataset: string } & (
  | {
      readonly event: 'run.succeeded';
      readonly run: string;
      readonly results: string;
      /** Keys in the results. */
      readonly report: string;
      readonly student: string;
      readonly published: boolean;
      readonly seconds: number;
      /** Main figures by model. */
      readonly models: Readonly<Record<string, Figures>>;
    }
  | { readonly event: 'run.failed'; readonly error: string }
);

interface Figures {
  readonly accuracy: number;
  /** Only in a multi-label task. */
  readonly microF1?: number;
  readonly logLoss: number;
}

/** Time between tries, in ms. */
const pausesMs = [0, 1_000, 4_000];
const timeoutMs = 10_000;

/**
 * Sends notifications to an address. A request that fails is tried three times, and never fails the
 * run: the reason is returned.
 */
export class Notifier {
  readonly #url: URL;
  readonly #secret: string | undefined;
  readonly #pausesMs: readonly number[];

  /**
   * @param pauses Times between tries, in ms.
   * @throws UsageError if the address is not an http or https URL.
   */
  constructor(address: string, env: NodeJS.ProcessEnv = process.env, pauses = pausesMs) {
    if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
      throw new UsageError(
        `--notify needs a URL that begins with http or https, found "${address}".`,
      );
    }
    this.#url = new URL(address);
    this.#secret = env[secretVariable];
    this.#pausesMs = pauses;
  }

  /** @returns why the notification was not accepted; undefined if it was. */
  async send(notification: Notification): Promise<string | undefined> {
    const body = JSON.stringify(notification);
    const headers = {
      'content-type': 'application/json',
      ...(this.#secret && { [signatureHeader]: signature(body, this.#secret) }),
    };
    let reason: string | undefined;
    for (const pause of this.#pausesMs) {
      await setTimeout(pause);
      reason = await this.#try(body, headers);
      if (reason === undefined) return undefined;
    }
    // Addresses of webhooks contain secrets, so only the host is shown.
    return `the notification to ${this.#url.host} was not accepted: ${reason}`;
  }

  async #try(body: string, headers: Record<string, string>): Promise<string | undefined> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(this.#url, { method: 'POST', body, headers, signal });
      await response.body?.cancel();
      return response.ok ? undefined : `status ${response.status}`;
    } catch (error) {
      const { cause, message } = error as Error;
      return cause instanceof Error ? cause.message : message;
    }
  }
}

/** Signs a body. @returns `sha256=` and the HMAC in hex. */
export function signature(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Describes a finished run. */
export function succeeded(summary: RunSummary, dataset: string): Notification {
  const { run, results, report, student, published, seconds, metrics } = summary;
  const models = Object.fromEntries(
    Object.entries(metrics.metrics.models).map(([name, model]) => [name, figuresOf(model)]),
  );
  return {
    event: 'run.succeeded',
    dataset,
    run,
    results,
    report,
    student,
    published,
    seconds,
    models,
  };
}

function figuresOf({ accuracy, microF1, logLoss }: Metrics['models'][string]): Figures {
  return {
    accuracy: accuracy.value,
    ...(microF1 && { microF1: microF1.value }),
    logLoss: logLoss.value,
  };
}
