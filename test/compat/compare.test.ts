// The comparator must fail whoever sends nothing, too much, or something else: tried on every recorded case.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareCase, type Observation, type ObservedAck, type ObservedRequest } from './compare.ts';
import { compareHeaders } from './compare-headers.ts';
import { fillIn, matchesText } from './placeholders.ts';
import {
  type ExpectedRequest,
  findDeviation,
  listAreas,
  readArea,
  readDeviations,
  REQUIRED_AREAS,
  type Vector,
  whyNotInFolder,
} from './vector.ts';

const PLACEHOLDERS = { sink: '127.0.0.1:1234', any: 'something' };
const VECTORS = REQUIRED_AREAS.flatMap(readArea);

/** What a perfect program would have done. */
function replay(vector: Vector): Observation {
  const expected = fillIn(vector.expected, PLACEHOLDERS);
  const acks = (expected.acks ?? []).map(
    (ack): ObservedAck => ({ status: ack.status, body: ack.body ?? '', headers: Object.entries(ack.headers ?? {}) }),
  );
  return { acks, requests: (expected.requests ?? []).map(toObserved), sinkDown: false, forge: false };
}

function toObserved(request: ExpectedRequest): ObservedRequest {
  return {
    method: request.method,
    scheme: request.scheme,
    host: request.host,
    path: request.path,
    query: request.query ?? '',
    headers: Object.entries(request.headers ?? {}),
    body: toBody(request),
    answered: 200,
    ...(request.proxy === undefined ? {} : { proxy: request.proxy }),
    ...(request.clientCertificate === undefined ? {} : { clientCertificate: request.clientCertificate }),
  };
}

function toBody(request: ExpectedRequest): Buffer {
  if (request.raw !== undefined) return Buffer.from(request.raw);
  if (request.json !== undefined) return Buffer.from(JSON.stringify(request.json));
  if (request.base64 !== undefined) return Buffer.from(request.base64, 'base64');
  return Buffer.from(request.text ?? '');
}

function compareWith(vector: Vector, change: (observed: Observation) => Observation): readonly string[] {
  return compareCase(fillIn(vector.expected, { sink: PLACEHOLDERS.sink }), change(replay(vector)));
}

function changeFirst(observed: Observation, change: (request: ObservedRequest) => ObservedRequest): Observation {
  const [first, ...rest] = observed.requests;
  return first === undefined ? observed : { ...observed, requests: [change(first), ...rest] };
}

const WITH_REQUESTS = VECTORS.filter((vector) => (vector.expected.requests ?? []).length > 0);

describe('a program that does what was recorded', () => {
  test('passes every case', () => {
    for (const vector of VECTORS)
      assert.deepEqual(
        compareWith(vector, (observed) => observed),
        [],
        vector.name,
      );
  });

  test('passes with headers of ours and page sizes of its own', () => {
    for (const vector of WITH_REQUESTS) {
      const differences = compareWith(vector, (observed) =>
        changeFirst(observed, (request) => ({
          ...request,
          query: [request.query, 'per_page=100'].filter((part) => part !== '').join('&'),
          headers: [...request.headers, ['Tocsin-Delivery', 'x'], ['traceparent', 'y'], ['User-Agent', 'z']],
        })),
      );
      assert.deepEqual(differences, [], vector.name);
    }
  });
});

describe('a program that does something else fails every case that has requests', () => {
  const CHANGES: readonly { readonly name: string; readonly change: (observed: Observation) => Observation }[] = [
    { name: 'sends nothing', change: (observed) => ({ ...observed, requests: [] }) },
    {
      name: 'sends the first request twice',
      change: (observed) => ({ ...observed, requests: [...observed.requests.slice(0, 1), ...observed.requests] }),
    },
    {
      name: 'sends one more request',
      change: (observed) => ({
        ...observed,
        requests: [...observed.requests, { ...toObserved({ method: 'GET', scheme: 'http', host: 'x', path: '/more' }) }],
      }),
    },
    { name: 'uses another method', change: (observed) => changeFirst(observed, (request) => ({ ...request, method: 'PUT' })) },
    { name: 'uses another path', change: (observed) => changeFirst(observed, (request) => ({ ...request, path: `${request.path}x` })) },
    { name: 'uses another host', change: (observed) => changeFirst(observed, (request) => ({ ...request, host: 'other.test' })) },
    { name: 'adds a query', change: (observed) => changeFirst(observed, (request) => ({ ...request, query: `${request.query}&a=b` })) },
    {
      name: 'uses a proxy by itself',
      change: (observed) => changeFirst(observed, (request) => ({ ...request, proxy: { form: 'other' } })),
    },
    {
      name: 'adds a credential',
      change: (observed) => changeFirst(observed, (request) => ({ ...request, headers: [...request.headers, ['Private-Token', 'x']] })),
    },
    {
      name: 'shows a client certificate',
      change: (observed) => changeFirst(observed, (request) => ({ ...request, clientCertificate: 'somebody' })),
    },
  ];

  for (const { name, change } of CHANGES) {
    test(name, () => {
      for (const vector of WITH_REQUESTS) assert.notDeepEqual(compareWith(vector, change), [], vector.name);
    });
  }

  test('leaves out a header', () => {
    for (const vector of WITH_REQUESTS.filter(({ expected }) => expected.requests?.[0]?.headers?.['Content-Type'] !== undefined)) {
      const differences = compareWith(vector, (observed) =>
        changeFirst(observed, (request) => ({ ...request, headers: request.headers.filter(([header]) => header !== 'Content-Type') })),
      );
      assert.notDeepEqual(differences, [], vector.name);
    }
  });

  test('changes the body', () => {
    const comparable = WITH_REQUESTS.filter(({ expected }) => expected.requests?.[0]?.json !== undefined);
    for (const vector of comparable) {
      const differences = compareWith(vector, (observed) =>
        changeFirst(observed, (request) => ({ ...request, body: Buffer.from(JSON.stringify({ other: true })) })),
      );
      assert.notDeepEqual(differences, [], vector.name);
    }
  });

  test('changes the bytes that a signature covers', () => {
    const signed = readArea('generic-hmac').filter(
      ({ expected }) => expected.requests?.[0]?.headers?.['X-Signature'] !== undefined && expected.requests[0].raw !== undefined,
    );
    for (const vector of signed) {
      const differences = compareWith(vector, (observed) =>
        changeFirst(observed, (request) => ({ ...request, body: Buffer.from(`${request.body.toString()} `) })),
      );
      assert.notDeepEqual(differences, [], vector.name);
    }
  });
});

test('answers are compared by status, body and recorded headers', () => {
  const [vector] = readArea('intake').filter(({ name }) => name === 'intake/dedup-same');
  assert.ok(vector !== undefined);
  const change = (with_: (ack: ObservedAck) => ObservedAck): readonly string[] =>
    compareWith(vector, (observed) => ({ ...observed, acks: observed.acks.map(with_) }));

  assert.deepEqual(
    change((ack) => ({ ...ack, headers: [...ack.headers, ['Tocsin-Event', 'x'], ['Keep-Alive', 'timeout=5']] })),
    [],
  );
  assert.notDeepEqual(
    change((ack) => ({ ...ack, status: 200 })),
    [],
  );
  assert.notDeepEqual(
    change((ack) => ({ ...ack, body: 'x' })),
    [],
  );
  assert.notDeepEqual(
    change((ack) => ({ ...ack, headers: [...ack.headers, ['X-Powered-By', 'x']] })),
    [],
  );
  assert.notDeepEqual(
    change((ack) => ({ ...ack, headers: ack.headers.slice(1) })),
    [],
  );
  assert.notDeepEqual(
    compareWith(vector, (observed) => ({ ...observed, acks: [] })),
    [],
  );
});

describe('where Tocsin tries again by itself', () => {
  const vector: Vector = {
    name: 'x/x',
    note: '',
    given: {},
    expected: { requests: [get('/a'), get('/a'), get('/b')] },
  };
  const answered = (path: string, answer: number): ObservedRequest => ({ ...toObserved(get(path)), answered: answer });
  const compare = (requests: readonly ObservedRequest[]): readonly string[] =>
    compareCase(vector.expected, { acks: [], requests, sinkDown: false, forge: false });

  const CASES = [
    { name: 'repeats are free', requests: [answered('/a', 503), answered('/b', 200)], holds: true },
    { name: 'what comes after a later try is not waited for', requests: [answered('/a', 503)], holds: true },
    { name: 'the first request must be equal', requests: [answered('/c', 503)], holds: false },
    { name: 'without such an answer everything must be equal', requests: [answered('/a', 200)], holds: false },
    { name: 'a refused request is not a reason for others', requests: [answered('/a', 503), answered('/c', 200)], holds: false },
    { name: 'sending nothing is never enough', requests: [], holds: false },
  ];
  for (const { name, requests, holds } of CASES) {
    test(name, () => assert.equal(compare(requests).length === 0, holds, JSON.stringify(compare(requests))));
  }
});

test('further pages of a list are free, a second look at the same page is not', () => {
  assert.deepEqual(compareList('per_page=100', 'per_page=100&page=2', 'per_page=100&page=3'), []);
  assert.notDeepEqual(compareList('per_page=100', 'per_page=100'), []);
  assert.notDeepEqual(compareList('per_page=100', 'sort=x&page=2'), []);
});

test('headers of a vendor client are free only for a forge', () => {
  const comparison = { wanted: { Accept: 'application/vnd.x' }, headers: [['accept', 'application/vnd.y']], side: 'request' } as const;

  assert.deepEqual(compareHeaders({ ...comparison, forge: true }), []);
  assert.notDeepEqual(compareHeaders({ ...comparison, forge: false }), []);
});

test('any run of characters stands where a recording says so', () => {
  assert.ok(matchesText('a {{any}} c', 'a b\nb c'));
  assert.ok(!matchesText('a {{any}} c', 'a b'));
  assert.ok(!matchesText('a.c', 'abc'));
});

test('unordered places compare as multisets', () => {
  const request = { ...get('/x'), json: { items: [1, 2, 2], text: 'a\nb' } };
  const expected = { requests: [request], unordered: ['/requests/0/json/items', '/requests/0/json/text'] };
  const compare = (json: unknown): readonly string[] =>
    compareCase(expected, {
      acks: [],
      sinkDown: false,
      forge: false,
      requests: [{ ...toObserved(get('/x')), body: Buffer.from(JSON.stringify(json)) }],
    });

  assert.deepEqual(compare({ items: [2, 1, 2], text: 'b\na' }), []);
  assert.notDeepEqual(compare({ items: [1, 1, 2], text: 'b\na' }), []);
  assert.notDeepEqual(compare({ items: [2, 1, 2], text: 'b' }), []);
});

test('every area can be read, and every deviation names a recorded case or waits for one', () => {
  const vectors = listAreas().flatMap(readArea);
  assert.equal(vectors.length, new Set(vectors.map(({ name }) => name)).size);
  const used = new Set(vectors.map(({ name }) => findDeviation(name, readDeviations())?.pattern));
  assert.ok(used.size > 30, `${used.size} patterns are in use`);
  assert.ok(
    VECTORS.filter((vector) => whyNotInFolder(vector) !== undefined).length < 12,
    'nearly all cases of these areas run in a folder',
  );
});

function get(path: string): ExpectedRequest {
  return { method: 'GET', scheme: 'http', host: 'h', path };
}

function compareList(...queries: readonly string[]): readonly string[] {
  return compareCase({ requests: [get('/list')] }, { acks: [], requests: queries.map(listWith), sinkDown: false, forge: false });
}

function listWith(query: string): ObservedRequest {
  return { ...toObserved(get('/list')), query };
}
