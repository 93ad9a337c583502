/** Pages in headless Chromium, driven by its DevTools protocol over a pipe. */
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { startBrowser } from './chromium.ts';

/** Size and colours with which a page is shown. */
export interface View {
  /** Width of the window, in CSS pixels. */
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

/** A page that is open. */
export interface OpenPage {
  /** Messages in the console, errors and warnings of the browser included. */
  readonly messages: readonly string[];
  /** URLs that the page requested besides its own and those with data inside. */
  readonly requests: readonly string[];
  /** Shows the page in another way. */
  show(view: View): Promise<void>;
  /** Evaluates an expression in the page, and returns its value, which is JSON. */
  evaluate(expression: string): Promise<unknown>;
}

export interface Browser {
  open(url: string, view: View): Promise<OpenPage>;
  close(): Promise<void>;
}

/** Height of the window, in CSS pixels. */
const height = 900;

type Parameters = Readonly<Record<string, unknown>>;
type Listener = (method: string, parameters: Parameters) => void;

const message = z.looseObject({
  id: z.int().optional(),
  method: z.string().optional(),
  sessionId: z.string().optional(),
  params: z.record(z.string(), z.unknown()).default({}),
  result: z.record(z.string(), z.unknown()).default({}),
  error: z.looseObject({ message: z.string() }).optional(),
});

/** Starts the browser. Its pages share a process. */
export async function openBrowser(): Promise<Browser> {
  const pipe = 'pipe' as const;
  const browser = startBrowser(
    ['ignore', 'ignore', 'ignore', pipe, pipe],
    '--remote-debugging-pipe',
  );
  // Chromium reads commands from the first pipe, and writes to the second.
  const [input, output] = browser.process.stdio.slice(3) as unknown as [Writable, Readable];
  const waiting = new Map<number, (answer: z.infer<typeof message>) => void>();
  const listeners = new Map<string, Listener>();
  let count = 0;
  let rest = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\0');
    rest = parts.pop()!;
    for (const part of parts) {
      const received = message.parse(JSON.parse(part));
      const { id, method, sessionId = '', params } = received;
      if (id !== undefined) waiting.get(id)?.(received);
      else if (method !== undefined) listeners.get(sessionId)?.(method, params);
    }
  });
  const send = async (method: string, params: Parameters = {}, sessionId?: string) => {
    const id = ++count;
    const answer = new Promise<z.infer<typeof message>>((resolve) => waiting.set(id, resolve));
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { error, result } = await answer;
    waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  return {
    async open(url, view) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
      const session = z.string().parse(sessionId);
      const call = (method: string, params?: Parameters) => send(method, params, session);
      return openPage(url, view, call, (listener) => listeners.set(session, listener));
    },
    close: () => browser.end(),
  };
}

/** Opens a page. @param call Sends a command to it. */
async function openPage(
  url: string,
  view: View,
  call: (method: string, parameters?: Parameters) => Promise<Parameters>,
  listen: (listener: Listener) => void,
): Promise<OpenPage> {
  const messages: string[] = [];
  const requests: string[] = [];
  let loaded = () => {};
  const isLoaded = new Promise<void>((resolve) => {
    loaded = resolve;
  });
  listen((method, parameters) => {
    if (method === 'Page.loadEventFired') loaded();
    if (method === 'Network.requestWillBeSent') requests.push(requested.parse(parameters));
    if (messageEvents.includes(method)) messages.push(JSON.stringify(parameters));
  });
  const show = async ({ width, scheme }: View) => {
    const size = { width, height, deviceScaleFactor: 1, mobile: false };
    await call('Emulation.setDeviceMetricsOverride', size);
    const features = [{ name: 'prefers-color-scheme', value: scheme }];
    await call('Emulation.setEmulatedMedia', { features });
  };
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`);
  await show(view);
  await call('Page.navigate', { url });
  await isLoaded;
  return {
    messages,
    get requests() {
      return requests.filter((one) => one !== url && !one.startsWith('data:'));
    },
    show,
    async evaluate(expression) {
      const options = { expression, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await call('Runtime.evaluate', options);
      if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
      return valued.parse(result);
    },
  };
}

const messageEvents = ['Runtime.consoleAPICalled', 'Runtime.exceptionThrown', 'Log.entryAdded'];
const requested = z
  .looseObject({ request: z.looseObject({ url: z.string() }) })
  .transform(({ request }) => request.url);
const valued = z.looseObject({ value: z.unknown().optional() }).transform(({ value }) => value);
