/** Headless Chromium for pages on this machine. */
import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';

/** The browser: by the variable CHROMIUM, or on the PATH; undefined if this machine has none. */
export const chromium = [process.env.CHROMIUM, 'chromium', 'google-chrome'].find((program) => {
  if (!program) return false;
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** Without a background request to any host. */
const quiet = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-quic'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** A file of a page: its type, and its bytes. */
export type ServedFile = readonly [type: string, content: string | Uint8Array];

/** Reports errors of a page, which would otherwise never answer. */
const reportErrors = `<script>
const report = (text) => fetch('/result', { method: 'POST', body: text });
addEventListener('error', ({ message }) => report('error: ' + message));
addEventListener('unhandledrejection', ({ reason }) => report('error: ' + (reason?.stack ?? reason)));
</script>`;

/**
 * Opens a page of a server on loopback, which ends with a call of `report(text)`.
 *
 * @param page its HTML.
 * @param files that it reads, by path, such as `/model.json`.
 * @returns the reported text; an error begins with `error: `.
 */
export async function reportOfPage(
  page: string,
  files: ReadonlyMap<string, ServedFile>,
): Promise<string> {
  let done: (text: string) => void;
  const result = new Promise<string>((resolve) => {
    done = resolve;
  });
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      response.end();
      return text(request).then(done);
    }
    const html: ServedFile = ['text/html', `<!doctype html>${reportErrors}${page}`];
    const [type, content] = request.url === '/' ? html : (files.get(request.url!) ?? [undefined]);
    response.writeHead(type ? 200 : 404, { 'content-type': type ?? 'text/plain' }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const started = startBrowser(['ignore', 'ignore', 'ignore'], `http://127.0.0.1:${port}/`);
    try {
      return await Promise.race([result, started.ended.then(() => 'error: the browser ended')]);
    } finally {
      await started.end();
    }
  } finally {
    server.close();
  }
}

/** A browser that runs. */
export interface StartedBrowser {
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
  /** Ends it, and removes its files. */
  end(): Promise<void>;
}

/** Starts the browser without a window. @param more options, or a page to open. */
export function startBrowser(stdio: StdioOptions, ...more: readonly string[]): StartedBrowser {
  const profile = mkdtempSync(join(tmpdir(), 'counterweight-chromium-'));
  const options = [...quiet, `--user-data-dir=${profile}`, ...more];
  const browser = spawn(chromium!, options, { stdio, detached: true });
  const ended = once(browser, 'exit');
  return {
    process: browser,
    ended,
    async end() {
      // The group: helper processes of the browser would continue to write to the profile.
      if (browser.exitCode === null) process.kill(-browser.pid!, 'SIGKILL');
      await ended;
      // A helper process may still end. Each try removes what it wrote since the last one.
      await vi.waitFor(() => rmSync(profile, { recursive: true, force: true }), 10_000);
    },
  };
}
