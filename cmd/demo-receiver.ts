// The other side of the demo: a webhook that shows what arrives, and the part of GitHub's API that commit statuses need
// (list and create, as docs.github.com/en/rest/commits/statuses describes them).
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request } from 'express';
import { z } from 'zod';
import { printable } from './words.ts';

export interface DemoReceiver {
  readonly port: number;
  close(): Promise<void>;
}

const CommitStatus = z.object({ state: z.string(), context: z.string(), description: z.string().nullish() });
type CommitStatus = z.infer<typeof CommitStatus>;

/** Listens on loopback and hands each arrival to `print` as one line. */
export async function startDemoReceiver(port: number, print: (line: string) => void): Promise<DemoReceiver> {
  const server = createServer(createReceiverApp(print));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function createReceiverApp(print: (line: string) => void): express.Express {
  const app = express();
  const statuses = new Map<string, CommitStatus[]>();
  app.disable('x-powered-by');
  app.use(express.json({ type: () => true, limit: '4mb' }));
  app.get('/api/v3/repos/:owner/:repo/commits/:sha/statuses', ({ params }, response) => {
    response.json(statuses.get(commitOf(params)) ?? []);
  });
  app.post('/api/v3/repos/:owner/:repo/statuses/:sha', ({ params, body }, response) => {
    const status = CommitStatus.parse(body);
    const commit = commitOf(params);
    statuses.set(commit, [status, ...(statuses.get(commit) ?? [])]);
    print(`commit status   ${commit.slice(0, -33)}  ${status.context}: ${status.state} (${status.description ?? ''})`);
    response.status(201).json(status);
  });
  app.post('/{*path}', (request: Request, response) => {
    print(`${request.path.slice(1).padEnd(15)} ${summarize(request.body)}`);
    response.json({ ok: true });
  });
  return app;
}

function commitOf({ owner, repo, sha }: { owner: string; repo: string; sha: string }): string {
  return `${owner}/${repo}@${sha}`;
}

const FluxBody = z.object({ involvedObject: z.object({ kind: z.string(), name: z.string() }), severity: z.string(), message: z.string() });
const SlackBody = z.object({ attachments: z.array(z.object({ author_name: z.string(), color: z.string(), text: z.string() })).min(1) });

/** What a person wants to see of a body: Flux's own event, a Slack message, or the start of anything else. */
function summarize(body: unknown): string {
  const flux = FluxBody.safeParse(body);
  if (flux.success)
    return cut(`${flux.data.severity}: ${flux.data.involvedObject.kind}/${flux.data.involvedObject.name}: ${flux.data.message}`);
  const slack = SlackBody.safeParse(body);
  const attachment = slack.data?.attachments[0];
  if (attachment) return cut(`[${attachment.color}] ${attachment.author_name}: ${attachment.text}`);
  return cut(JSON.stringify(body));
}

function cut(text: string): string {
  const line = printable(text);
  return line.length > 110 ? `${line.slice(0, 109)}…` : line;
}
