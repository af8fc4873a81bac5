import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { compileExpression, ExpressionError } from './cel.ts';

const VARIABLES = ['event', 'provider', 'alert'];
const UID = '97f57544-e4c1-4a44-8cde-2a399c758ec1';

/** What the expressions below are evaluated on. */
const OBJECTS = {
  event: {
    involvedObject: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', name: 'webapp', namespace: 'apps' },
    severity: 'info',
    timestamp: '2026-01-02T03:04:05Z',
    message: 'Applied revision: main@sha1:5394cb7f48332b2de7c17dd8b8384bbc84b7e738',
    reason: 'ReconciliationSucceeded',
    metadata: {
      commit: '5394cb7f48332b2de7c17dd8b8384bbc84b7e738',
      environment: 'production',
      cluster: 'Prod-EU',
      revision: 'main@sha1:5394cb7f48332b2de7c17dd8b8384bbc84b7e738',
    },
    reportingController: 'kustomize-controller',
  },
  provider: {
    apiVersion: 'notification.toolkit.fluxcd.io/v1beta3',
    kind: 'Provider',
    metadata: { name: 'provider', namespace: 'apps', uid: UID, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { type: 'github', address: 'https://example.com/org/repo', secretRef: { name: 'credentials' } },
  },
  alert: {
    apiVersion: 'notification.toolkit.fluxcd.io/v1beta3',
    kind: 'Alert',
    metadata: { name: 'alert', namespace: 'apps', uid: '5ce7280d-5a14-4bc6-81d4-1f55f7672f4d', generation: 1 },
    spec: {
      eventMetadata: { cluster: 'Prod-EU' },
      eventSources: [{ kind: 'Kustomization', name: '*' }],
      providerRef: { name: 'provider' },
    },
  },
};

const MISMATCH = 'CEL expression output type mismatch: expected string, got ';

/** What the reference was recorded doing with `commitStatusExpr`. */
const RECORDED: readonly { source: string; gives?: string; refused?: string | RegExp; fails?: RegExp }[] = [
  { source: 'event.involvedObject.kind + "/" + event.involvedObject.name', gives: 'Kustomization/webapp' },
  {
    source:
      '(event.involvedObject.kind + "/" + event.involvedObject.name + "/" + event.metadata.environment + "/" + provider.metadata.uid)',
    gives: `Kustomization/webapp/production/${UID}`,
  },
  { source: 'provider.metadata.uid.split("-").first().value()', gives: '97f57544' },
  { source: 'provider.metadata.uid.split("-").last().orValue("none")', gives: '2a399c758ec1' },
  { source: '"a-b-c".split("-", 2).last().value()', gives: 'b-c' },
  { source: 'event.involvedObject.kind.lowerAscii() + "/" + alert.metadata.name.upperAscii()', gives: 'kustomization/ALERT' },
  { source: 'event.metadata.cluster.replace("-", "_")', gives: 'Prod_EU' },
  { source: '"%s-%d-%.2f".format([event.involvedObject.name, 7, 1.5])', gives: 'webapp-7-1.50' },
  { source: '"%v".format(["a"])', refused: /unrecognized formatting clause "v"/ },
  { source: 'has(event.metadata.missing) ? "yes" : "no"', gives: 'no' },
  { source: 'has(event.metadata.environment) ? event.metadata.environment : "no"', refused: `${MISMATCH}dyn` },
  { source: 'event.metadata.missing', refused: `${MISMATCH}dyn` },
  { source: 'event.?metadata.?missing.orValue("fallback")', refused: `${MISMATCH}dyn` },
  { source: 'event.message.startsWith("Applied") && event.message.endsWith("e738") ? "both" : "no"', gives: 'both' },
  { source: 'event.message.substring(0, 7).trim()', gives: 'Applied' },
  { source: 'event.message.indexOf("main") > 0 ? string(event.message.indexOf("main")) : "no"', gives: '18' },
  { source: '["a", "b"].join("/")', gives: 'a/b' },
  { source: 'event.involvedObject.namespace.size() > 3 ? "long" : "short"', gives: 'long' },
  { source: 'string(event.timestamp)', gives: '2026-01-02T03:04:05Z' },
  { source: 'event.timestamp', refused: `${MISMATCH}dyn` },
  { source: 'string(event.involvedObject)', fails: /failed to evaluate the CEL expression 'string\(event.involvedObject\)': .*string\(/ },
  {
    source: 'provider.spec.type + "/" + provider.kind + "/" + provider.apiVersion',
    gives: 'github/Provider/notification.toolkit.fluxcd.io/v1beta3',
  },
  { source: 'alert.spec.eventSources[0].kind + alert.spec.providerRef.name', refused: `${MISMATCH}dyn` },
  { source: 'string(provider.metadata.generation)', gives: '1' },
  { source: 'alert.metadata.uid + provider.metadata.creationTimestamp', refused: `${MISMATCH}dyn` },
  { source: 'event.metadata.exists(k, k == "commit") ? "commit" : "none"', gives: 'commit' },
  { source: '"commit" in event.metadata ? "in" : "out"', gives: 'in' },
  { source: 'event.involvedObject.kind == "Kustomization"', refused: `${MISMATCH}bool` },
  { source: 'event', refused: `${MISMATCH}map(string, dyn)` },
  { source: '"x" + 1', refused: /^failed to parse the CEL expression '"x" \+ 1': / },
  { source: 'event.involvedObject.kind +', refused: /^failed to parse the CEL expression 'event.involvedObject.kind \+': / },
  { source: '""', gives: '' },
  { source: '" "', gives: ' ' },
  { source: 'event.severity', refused: `${MISMATCH}dyn` },
  { source: `"${'x'.repeat(300)}"`, gives: 'x'.repeat(300) },
  { source: 'string(base64.decode("aGVsbG8="))', gives: 'hello' },
  { source: 'sets.contains(["a"], ["a"]) ? "set" : "no"', gives: 'set' },
  { source: 'math.greatest(1, 2) == 2 ? "m" : "n"', refused: /undeclared reference to 'math' \(in container ''\)/ },
  { source: '"a".quote()', refused: /quote/ },
  { source: 'string(timestamp(event.timestamp).getFullYear())', gives: '2026' },
  { source: 'string(duration("90m"))', gives: '5400s' },
  { source: '[1, 2, 3].filter(x, x > 1).map(x, string(x)).join(",")', gives: '2,3' },
  { source: 'cel.bind(x, "bound", x + x)', refused: /undeclared reference to 'cel' \(in container ''\)/ },
  { source: '"\\u00c4B".lowerAscii()', gives: 'Äb' },
  {
    source: 'event.metadata.revision.split("@").first().orValue("") + ":" + event.metadata.revision.split(":").last().value()',
    gives: 'main:5394cb7f48332b2de7c17dd8b8384bbc84b7e738',
  },
  { source: '[1, "a"].size() > 0 ? "mixed" : "no"', refused: /expected type 'int' but found 'string'/ },
  { source: '1 == 1.0 ? "num-eq" : "num-ne"', refused: /no such overload: int == double/ },
  { source: 'event.involvedObject.nothing.deeper', refused: `${MISMATCH}dyn` },
  { source: '"a".matches("[") ? "yes" : "no"', refused: 'failed to create CEL program: error parsing regexp: missing closing ]: `[`' },
  { source: 'event.metadata.environment.split("").size() > 3 ? event.metadata.environment.split("")[0] : ""', gives: 'p' },
  { source: 'type(event) == map ? "map" : "other"', gives: 'map' },
  { source: '"a\\nb"', gives: 'a\nb' },
  { source: `'raw' + r'\\d' + """triple"""`, gives: 'raw\\dtriple' },
  { source: '"10" > "9" ? "gt" : "le"', gives: 'le' },
  { source: 'alert.spec.eventMetadata.cluster', refused: `${MISMATCH}dyn` },
  { source: 'provider.spec.address', refused: `${MISMATCH}dyn` },
  { source: 'provider.spec.secretRef.name', refused: `${MISMATCH}dyn` },
  { source: 'has(event.reportingInstance) ? event.reportingInstance : "none"', refused: `${MISMATCH}dyn` },
  { source: 'event.timestamp == null ? "null" : "set"', gives: 'set' },
  { source: '"a/" + event.metadata.missing', fails: /no such key: missing/ },
  { source: 'notification.metadata.name + ""', refused: /undeclared reference to 'notification' \(in container ''\)/ },
];

/** Our own: what the printer and the functions must get right. */
const OURS: readonly { source: string; gives?: string; refused?: string | RegExp; fails?: RegExp }[] = [
  { source: 'string(10 - (4 - 3))', gives: '9' },
  { source: 'string(10 - 4 - 3)', gives: '3' },
  { source: 'string(2 * (3 + 4) / 7 % 2)', gives: '0' },
  { source: 'string(-(1 + 2))', gives: '-3' },
  { source: 'true == (1 == 2) ? "a" : "b"', gives: 'b' },
  { source: '(true ? false : true) ? "a" : "b"', gives: 'b' },
  { source: 'string(1e-10) + " " + string(1e21) + " " + string(1234567.0) + " " + string(2.0)', gives: '1e-10 1e+21 1.234567e+06 2' },
  { source: '"\\U0001F600é\\"\\\\\\t".reverse()', gives: '\t\\"é😀' },
  { source: '"a😀b".charAt(1) + "a😀b".substring(2) + string("a😀b".indexOf("b")) + string("a😀b".size())', gives: '😀b23' },
  { source: '"abc".replace("", "-") + " " + "aaa".replace("a", "b", 2) + " " + "abc".replace("", "-", 2)', gives: '-a-b-c- bba -a-bc' },
  { source: '"".replace("", "-") + "ab".replace("", "-", 9) + "ab".replace("b", "", 0)', gives: '--a-b-ab' },
  {
    source:
      '[" ello", "x", ""].map(s, string("hello mellow".indexOf(s.trim(), 2)) + string("hello mellow".lastIndexOf(s.trim(), 20))).join(",")',
    gives: '7-1,-1-1,220',
  },
  { source: 'string("abc".indexOf("b", -1))', fails: /index out of range: -1/ },
  { source: '"abc".substring(2, 1)', fails: /invalid substring range/ },
  { source: 'string("x".lastIndexOf("") + "éx".lastIndexOf("x"))', gives: '2' },
  { source: '"\u0085\u00a0 a \u3000".trim()', gives: 'a' },
  {
    source: 'string(int(timestamp("2026-01-02T03:04:05.6Z"))) + " " + string(timestamp("2026-01-02T03:04:05.6Z"))',
    gives: '1767323045 2026-01-02T03:04:05.6Z',
  },
  { source: '"a".matches(event.involvedObject.name + "[") ? "a" : "b"', fails: /error parsing regexp: missing closing \]/ },
  { source: 'sets.equivalent([1, 1], [1]) && sets.intersects(["a"], ["a", "b"]) && !sets.contains([1], [2]) ? "yes" : "no"', gives: 'yes' },
  {
    source: '"%e %.3e %s %s %X %d".format([dyn(1234.5), 0.00012, {"b": dyn(1), "a": true}, timestamp(0), "hi", 7u])',
    gives: '1.234500e+03 1.200e-04 {a: true, b: 1} 1970-01-01T00:00:00Z 6869 7',
  },
  { source: '\n"a" +\n  )', refused: /<input>:3:3: Syntax error/ },
  { source: 'strings.quote("a\\"b\\n")', gives: '"a\\"b\\n"' },
  { source: '"%b %x %X %o %e %s %%".format([5, 255, "hi", 8, 1234.5, [1, 2]])', gives: '101 ff 6869 10 1.234500e+03 [1, 2] %' },
  { source: '"%s %s".format([event.severity, {"z": [1, "b"], "a": null}])', gives: 'info {a: null, z: [1, b]}' },
  { source: '[event.severity, "a"].join("-")', refused: /expected type 'dyn' but found 'string'/ },
  { source: '"info" in ["error", event.severity] ? "y" : "n"', refused: /expected type 'string' but found 'dyn'/ },
  { source: '{"a": "x", "b": event.severity}["b"] + ""', refused: /expected type 'string' but found 'dyn'/ },
  {
    source: '"%.0f %.0f %.1f %.2f %.20f %.1e".format([2.5, 3.5, 0.25, 1.005, 0.1, 25.0])',
    gives: '2 4 0.2 1.00 0.10000000000000000555 2.5e+01',
  },
  {
    source: '"%s %s %s %d %f".format([1e21, 1e-7, -0.5, 1e30, double("inf")])',
    gives: `1${'0'.repeat(21)} 0.0000001 -0.5 1${'0'.repeat(30)} Infinity`,
  },
  { source: '"%.15e %.1e %.0e %e".format([1e23, 9.96, 999999.5, 0.0])', gives: '9.999999999999999e+22 1.0e+01 1e+06 0.000000e+00' },
  { source: '"%s %s".format([string, type(null)])', gives: 'string null_type' },
  { source: '"%s".format([optional.of(1)])', fails: /optional_type/ },
  { source: '"%s".format(["a", "b"])', refused: /too many arguments supplied to string.format \(expected 1, got 2\)/ },
  { source: 'string(int(5u)) + " " + string(int(duration("5s"))) + " " + string(int("-7"))', gives: '5 5000000000 -7' },
  { source: 'string(int(1e19))', fails: /integer overflow/ },
  { source: 'string(int(" 7"))', fails: /type conversion error from 'string' to 'int'/ },
  { source: 'string(double("1e400"))', fails: /type conversion error from 'string' to 'double'/ },
  { source: 'string(double("-Infinity")) + string(double("NaN")) + string(double(2) * 1.5)', gives: '-InfNaN3' },
  { source: 'string(-9223372036854775808)', gives: '-9223372036854775808' },
  { source: 'string(9223372036854775808)', refused: /invalid int literal/ },
  { source: 'optional.ofNonZeroValue("").orValue("z") + optional.ofNonZeroValue([1]).orValue([]).map(x, string(x)).join()', gives: 'z1' },
  { source: 'optional.unwrap([optional.of("a"), optional.none()]).join() + [optional.of("b")].unwrapOpt().join()', gives: 'ab' },
  { source: '[1].existsOne(x, x == 1) ? "y" : "n"', refused: /undeclared reference to 'existsOne'/ },
  { source: 'string(base64.decode("aGVsbG8==")) + "x"', fails: /illegal base64 data/ },
  { source: 'string(base64.decode("aGVs\\nbG8"))', gives: 'hello' },
  { source: '"%b %x %o %s %%".format([dyn(5), 255, 8, [1, 2]])', gives: '101 ff 10 [1, 2] %' },
  { source: '"%s".format([])', refused: /index 0 out of range/ },
  { source: '("%s" + "").format([])', fails: /index 0 out of range/ },
  { source: '"matches".matches("^m.*s$") && matches("x", "x") ? "yes" : "no"', gives: 'yes' },
  { source: 'optional.of("a").optMap(x, x + "b").orValue("none")', gives: 'ab' },
  { source: 'event.?nothing.optMap(x, string(x)).orValue("none")', gives: 'none' },
  { source: 'event.metadata[?"cluster"].optFlatMap(x, x.split("-").last()).orValue("none")', gives: 'EU' },
  { source: 'has([{"a": "b"}][0].a) ? "yes" : "no"', gives: 'yes' },
  { source: 'event[?"nothing"].hasValue() ? "yes" : "no"', gives: 'no' },
  { source: 'event.metadata[?"nothing"].orValue("x")', gives: 'x' },
  { source: 'event.metadata[?"cluster"].or(optional.of("b")).orValue("z")', gives: 'Prod-EU' },
  { source: 'event.metadata[?"cluster"].hasValue() ? event.metadata[?"cluster"].value() : "n"', gives: 'Prod-EU' },
  { source: 'event.metadata[?"cluster"].optMap(x, x).orValue("z")', gives: 'Prod-EU' },
  { source: '[event.metadata[?"cluster"].orValue("x"), "b"].join("/")', gives: 'Prod-EU/b' },
  { source: 'event.?metadata["cluster"].orValue("x")', gives: 'Prod-EU' },
  { source: 'alert.spec.eventSources[?0].kind.orValue("x")', gives: 'Kustomization' },
  { source: 'alert.spec.eventSources[?7].?kind.orValue("x") + "y"', gives: 'xy' },
  { source: 'alert.spec[?"eventMetadata"].orValue({"a": "b"})["cluster"]', gives: 'Prod-EU' },
  { source: 'alert.spec.eventSources.map(s, s[?"nothing"].orValue("q")).join()', gives: 'q' },
  { source: '[["a"][?0].orValue("x"), ["a"][?1].orValue("x"), {"a": "b"}[?"a"].orValue("x")].join()', gives: 'axb' },
  { source: 'event.metadata[?"__proto__"].hasValue() || event.metadata[?"constructor"].hasValue() ? "yes" : "no"', gives: 'no' },
  { source: 'event[?"severity"].orValue("x")', refused: `${MISMATCH}dyn` },
  { source: 'event.?severity.or(event.metadata[?"nothing"]).orValue("z")', refused: `${MISMATCH}dyn` },
  { source: 'alert.spec.eventSources[?0].orValue("x")', fails: /the result is of type object, not string/ },
  { source: 'tocsin__lowerAscii(tocsin__work, "A")', refused: /undeclared reference/ },
  { source: 'string(tocsin__work)', refused: /undeclared reference/ },
  { source: 'b"abc".hex()', refused: /undeclared reference to 'hex'/ },
  { source: 'provider.metadata.generation == 1 ? "one" : "other"', gives: 'one' },
  { source: 'base64.encode(b"hello")', gives: 'aGVsbG8=' },
  { source: 'string(base64.decode("!"))', fails: /illegal base64 data/ },
  { source: 'has(event.constructor) || has(event.__proto__) ? "yes" : "no"', gives: 'no' },
  { source: '', refused: /^failed to parse/ },
];

describe('compileExpression', () => {
  for (const { source, gives, refused, fails } of [...RECORDED, ...OURS]) {
    test(source.slice(0, 100) || '(empty)', () => {
      const compiled = compileExpression(source, { result: 'string', variables: VARIABLES });

      if (refused !== undefined) {
        assert.ok('error' in compiled, 'should not compile');
        if (typeof refused === 'string') assert.equal(compiled.error, refused);
        else assert.match(compiled.error, refused);
        return;
      }
      assert.ok(!('error' in compiled), 'error' in compiled ? compiled.error : '');
      if (fails !== undefined)
        assert.throws(
          () => compiled.evaluate(OBJECTS),
          (error) => error instanceof ExpressionError && fails.test(error.message),
        );
      else assert.equal(compiled.evaluate(OBJECTS), gives);
    });
  }

  test('a bool is what is asked for', () => {
    const compiled = compileExpression('event.severity == "info"', { result: 'bool', variables: VARIABLES });

    assert.ok(!('error' in compiled));
    assert.equal(compiled.evaluate(OBJECTS), true);
  });

  test('a null timestamp', () => {
    const compiled = compileExpression('event.timestamp == null ? "null" : "set"', { result: 'string', variables: VARIABLES });

    assert.ok(!('error' in compiled));
    assert.equal(compiled.evaluate({ ...OBJECTS, event: { timestamp: null } }), 'null');
  });
});

describe('limits', () => {
  const list = Array.from({ length: 5000 }, (_, index) => index);
  const message = 'abcdefgh '.repeat(300_000);
  const rows: readonly { source: string; fails: RegExp }[] = [
    { source: 'event.list.all(a, event.list.all(b, a + b >= 0.0)) ? "a" : "b"', fails: /too much work/ },
    { source: 'event.list.all(a, event.list.all(b, a + b >= 0.0)) || true ? "a" : "b"', fails: /too much work/ },
    { source: 'event.message.matches("[a-h ]*a[a-h ]{30}z\\\\b") ? "a" : "b"', fails: /too much work/ },
    { source: 'event.message.matches(event.message) ? "a" : "b"', fails: /a pattern is longer than 1000 characters/ },
    { source: 'event.list.all(a, event.message.matches(string(a))) || true ? "a" : "b"', fails: /too much work/ },
    { source: 'event.message.reverse()', fails: /too much work/ },
    { source: 'event.message + ""', fails: /the result is longer than 65536 characters/ },
    { source: 'event.message.replace("a", event.message)', fails: /longer than 4194304 characters|too much work/ },
    { source: 'event.message.split("").map(x, event.message).join("")', fails: /longer than 4194304 characters|too much work/ },
  ];
  for (const { source, fails } of rows) {
    test(source, () => {
      const compiled = compileExpression(source, { result: 'string', variables: VARIABLES });
      assert.ok(!('error' in compiled), 'error' in compiled ? compiled.error : '');

      assert.throws(
        () => compiled.evaluate({ event: { list, message } }),
        (error) => error instanceof ExpressionError && fails.test(error.message),
      );
    });
  }

  test('what people write is far from any of them, also on the largest message', () => {
    const source =
      'event.message.substring(0, 7).lowerAscii() + (event.message.matches("^abc") ? "/" : "") + string(event.message.contains("xyz"))';
    const compiled = compileExpression(source, { result: 'string', variables: VARIABLES });

    assert.ok(!('error' in compiled));
    assert.equal(compiled.evaluate({ event: { message: message.slice(0, 60_000) } }), 'abcdefg/false');
  });

  test('a long source and a deep one', () => {
    for (const source of [`"${'x'.repeat(20_000)}"`, `${'('.repeat(2000)}"a"${')'.repeat(2000)}`, `${'['.repeat(600)}${']'.repeat(600)}`]) {
      assert.ok('error' in compileExpression(source, { result: 'string', variables: VARIABLES }));
    }
  });
});

test('no source makes it throw, and no object makes it throw anything but ExpressionError', () => {
  const fragment = fc.constantFrom(
    'event',
    '.metadata',
    '["__proto__"]',
    '.a',
    ' + ',
    '"x"',
    '1',
    '.split("-")',
    '[0]',
    '(',
    ')',
    ' ? ',
    ' : ',
    '.map(x, x)',
    'has(',
    '.?b',
    ' in ',
    '{',
    '}',
    'string(',
  );
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 8 }), fc.object(), (fragments, event) => {
      const compiled = compileExpression(fragments.join(''), { result: 'string', variables: VARIABLES });
      if ('error' in compiled) return;
      try {
        compiled.evaluate({ event });
      } catch (error) {
        assert.ok(error instanceof ExpressionError);
      }
    }),
    { numRuns: 500 },
  );
});
