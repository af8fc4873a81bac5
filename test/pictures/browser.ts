// A headless Chromium that turns HTML into PNG, steered over its debugging protocol. It opens no page of the network.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = process.env['CHROMIUM'] ?? 'chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-lcd-text',
  '--font-render-hinting=none',
  '--remote-debugging-port=0',
];
/** Of the page; the picture is as high as what stands on it. */
const WIDTH = 680;
const SCALE = 1.5;

export interface Browser {
  /** The page's body, to its full height. */
  capture(html: string): Promise<Buffer>;
  close(): Promise<void>;
}

/** Starts it with a profile of its own, which goes with it. */
export async function startBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'tocsin-chromium-'));
  const child = spawn(PROGRAM, [...FLAGS, `--user-data-dir=${profile}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  const page = await openPage(await debuggingPort(child));
  return {
    capture: (html) => capture(page, html),
    close: async () => {
      child.kill();
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function debuggingPort({ stderr }: ChildProcess): Promise<string> {
  if (stderr !== null) {
    for await (const line of createInterface({ input: stderr })) {
      const port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
      if (port !== undefined) return port;
    }
  }
  throw new Error(`${PROGRAM} does not start; it is the Debian package chromium`);
}

type Call = (method: string, parameters?: object) => Promise<Readonly<Record<string, unknown>>>;

interface Reply {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

async function openPage(port: string): Promise<Call> {
  const answer = await fetch(`http://127.0.0.1:${port}/json/new`, { method: 'PUT' });
  const { webSocketDebuggerUrl } = (await answer.json()) as { readonly webSocketDebuggerUrl: string };
  const socket = new WebSocket(webSocketDebuggerUrl);
  await once(socket, 'open');
  const waiting = new Map<number, (reply: Reply) => void>();
  socket.addEventListener('message', ({ data }) => {
    const reply = JSON.parse(String(data)) as Reply;
    if (reply.id !== undefined) waiting.get(reply.id)?.(reply);
  });
  let lastId = 0;
  return (method, parameters = {}) =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id);
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      socket.send(JSON.stringify({ id, method, params: parameters }));
    });
}

async function capture(call: Call, html: string): Promise<Buffer> {
  await call('Emulation.setDeviceMetricsOverride', { width: WIDTH, height: 100, deviceScaleFactor: SCALE, mobile: false });
  const { frameTree } = (await call('Page.getFrameTree')) as { readonly frameTree: { readonly frame: { readonly id: string } } };
  await call('Page.setDocumentContent', { frameId: frameTree.frame.id, html });
  const { result } = (await call('Runtime.evaluate', {
    expression: 'document.fonts.ready.then(() => document.body.getBoundingClientRect().height)',
    awaitPromise: true,
  })) as { readonly result: { readonly value: number } };
  const clip = { x: 0, y: 0, width: WIDTH, height: Math.ceil(result.value), scale: 1 };
  const { data } = (await call('Page.captureScreenshot', { format: 'png', clip, captureBeyondViewport: true })) as {
    readonly data: string;
  };
  return Buffer.from(data, 'base64');
}
