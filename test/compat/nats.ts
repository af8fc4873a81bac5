// The NATS server of one case: what is published becomes a request of the case's recorder.
import { type NatsServer, startNatsServer } from '../support/nats-server.ts';
import type { Recorder } from './recorder.ts';

/** Lets everybody in except the user whom the recordings know as refused. */
export function recordNats(port: number, recorder: Recorder): Promise<NatsServer> {
  return startNatsServer({
    port,
    refuse: ({ user }) => (user === 'rejected' ? 'Authorization Violation' : undefined),
    onPublished: ({ subject, connect, body }) => {
      const message = {
        method: 'PUB',
        scheme: 'nats',
        host: `127.0.0.1:${port}`,
        path: '',
        query: '',
        headers: [],
        body,
        atMs: Date.now(),
      };
      recorder.onRequest({ ...message, subject, connect }).recorded.answered = 200;
    },
  });
}
