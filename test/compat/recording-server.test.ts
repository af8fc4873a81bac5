import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Agent, ProxyAgent, request } from 'undici';
import { createCertificateAuthority } from '../support/certificates.ts';
import { Recorder } from './recorder.ts';
import { RecordingServer } from './recording-server.ts';

const authority = createCertificateAuthority('recording test authority');

describe('the recording server', () => {
  const recorder = new Recorder([
    { method: 'POST', path: '/twice', status: 503 },
    { method: 'POST', path: '/twice', status: 200, text: 'fine' },
    { method: 'GET', path: '/only-here', host: 'vendor.test', status: 404 },
    { method: '*', path: '/gone', close: true },
    { method: '*', path: '/slow', delayMs: 5_000 },
  ]);
  const server = new RecordingServer({ authority, recordProxy: true, find: () => recorder });
  const client = authority.issueClient('vectors-client');
  const direct = new Agent({ connect: { ca: authority.cert, ...client } });
  let proxied: ProxyAgent;
  before(async () => {
    await server.listen(0);
    proxied = new ProxyAgent({ uri: `http://127.0.0.1:${server.port}`, token: 'Basic abc', requestTls: { ca: authority.cert } });
  });
  after(async () => {
    server.close();
    await Promise.all([direct.destroy(), proxied.destroy()]);
  });
  const last = (): (typeof recorder.requests)[number] => {
    const found = recorder.requests.at(-1);
    assert.ok(found !== undefined);
    return found;
  };

  test('speaks HTTP and HTTPS on one port, and sees client certificates', async () => {
    const plain = await request(`http://127.0.0.1:${server.port}/a%20b?x=1`, { method: 'PUT', body: 'body', dispatcher: direct });
    assert.deepEqual(await plain.body.json(), { ok: true });
    assert.deepEqual(
      [last().method, last().scheme, last().path, last().query, last().body.toString()],
      ['PUT', 'http', '/a%20b', 'x=1', 'body'],
    );
    assert.equal(last().answered, 200);

    await (await request(`https://127.0.0.1:${server.port}/secure`, { dispatcher: direct })).body.dump();
    assert.deepEqual([last().scheme, last().path, last().clientCertificate], ['https', '/secure', 'vectors-client']);
    assert.equal(last().proxy, undefined);
  });

  test('is a proxy in absolute form and by CONNECT', async () => {
    const plain = await request('http://vendor.test/hook?a=b', { dispatcher: proxied });
    await plain.body.dump();
    assert.deepEqual([last().scheme, last().host, last().path, last().query], ['http', 'vendor.test', '/hook', 'a=b']);
    assert.deepEqual(last().proxy, { form: 'absolute-form', authorization: 'Basic abc' });

    await (await request('https://vendor.test/hook', { dispatcher: proxied })).body.dump();
    assert.deepEqual([last().scheme, last().host, last().path], ['https', 'vendor.test', '/hook']);
    assert.deepEqual(last().proxy, { form: 'CONNECT', authorization: 'Basic abc' });
  });

  test('answers by script, in order, the last one repeating', async () => {
    const post = async (): Promise<number> => {
      const answer = await request(`http://127.0.0.1:${server.port}/twice`, { method: 'POST', dispatcher: direct });
      await answer.body.dump();
      return answer.statusCode;
    };
    assert.deepEqual([await post(), await post(), await post()], [503, 200, 200]);
    const other = await request(`http://127.0.0.1:${server.port}/only-here`, { dispatcher: direct });
    await other.body.dump();
    assert.equal(other.statusCode, 200);
  });

  test('closes without an answer, and sees a sender leave', async () => {
    await assert.rejects(request(`http://127.0.0.1:${server.port}/gone`, { dispatcher: direct }));
    assert.equal(last().answered, 'closed');

    const leaving = new AbortController();
    const waiting = request(`http://127.0.0.1:${server.port}/slow`, { dispatcher: direct, signal: leaving.signal });
    while (last().path !== '/slow') await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    await assert.rejects(waiting);
    while (last().answered === 'pending') await new Promise((resolve) => setImmediate(resolve));
    assert.equal(last().answered, 'aborted');
  });
});
