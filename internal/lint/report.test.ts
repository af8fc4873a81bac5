import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LintFinding, RULES } from './finding.ts';
import { summarize, toJson, toText } from './report.ts';
import { toSarif } from './sarif.ts';
import { toWorkflowCommands } from './workflow-commands.ts';

const FINDING: LintFinding = {
  rule: 'missing-provider',
  severity: 'error',
  file: 'apps/alert.yaml',
  line: 7,
  column: 18,
  object: 'Alert/apps/web',
  field: 'spec.providerRef.name',
  message: 'there is no Provider hok',
  hint: 'Did you mean hook?',
};
const WARNING: LintFinding = { ...FINDING, rule: 'clear-secret', severity: 'warning' };
const PLACELESS: LintFinding = { ...WARNING, rule: 'nothing-to-check', file: '', line: 0, column: 0, object: '', field: '' };

test('text names place, severity, object and rule, and gives the hint', () => {
  const findings = [FINDING, { ...PLACELESS, message: 'two\nlines\u001b[31m' }];

  assert.deepEqual(toText(findings, summarize(findings, 3), false).split('\n'), [
    'apps/alert.yaml:7:18: error: Alert/apps/web: there is no Provider hok [missing-provider]',
    '  Did you mean hook?',
    'lint: warning: two lines [31m [nothing-to-check]',
    '  Did you mean hook?',
    '1 error, 1 warning in 3 files',
  ]);
  assert.equal(toText([], summarize([], 1), false), 'no faults in 1 file');
});

test('colours are there when they are asked for', () => {
  const text = toText([FINDING], summarize([FINDING], 1), true);

  assert.ok(text.includes('\u001b[31merror\u001b[0m'));
});

test('JSON holds the findings and what they add up to', () => {
  assert.deepEqual(JSON.parse(toJson([FINDING, WARNING], summarize([FINDING, WARNING], 2))), {
    items: [FINDING, WARNING],
    summary: { files: 2, errors: 1, warnings: 1 },
  });
});

test('workflow commands are escaped so that no text ends them early', () => {
  const table: readonly { readonly name: string; readonly in: Partial<LintFinding>; readonly want: string }[] = [
    {
      name: 'plain',
      in: {},
      want: '::error file=apps/alert.yaml,line=7,col=18,title=tocsin missing-provider::Alert/apps/web: there is no Provider hok%0ADid you mean hook?',
    },
    {
      name: 'signs in properties',
      in: { file: 'a,b:c%/d\r\n.yaml', severity: 'warning' },
      want: '::warning file=a%2Cb%3Ac%25/d%0D%0A.yaml,line=7,col=18,title=tocsin missing-provider::Alert/apps/web: there is no Provider hok%0ADid you mean hook?',
    },
    {
      name: 'signs in the message stay, save those that end it',
      in: { message: 'a: b, 100%\r\n::error::x', object: '' },
      want: '::error file=apps/alert.yaml,line=7,col=18,title=tocsin missing-provider::a: b, 100%25%0D%0A::error::x%0ADid you mean hook?',
    },
    {
      name: 'no place',
      in: { file: '', line: 0, column: 0, object: '' },
      want: '::error title=tocsin missing-provider::there is no Provider hok%0ADid you mean hook?',
    },
  ];
  for (const { name, in: changes, want } of table) assert.equal(toWorkflowCommands([{ ...FINDING, ...changes }]), want, name);
});

interface SarifLog {
  readonly $schema: string;
  readonly version: string;
  readonly runs: readonly {
    readonly columnKind: string;
    readonly tool: { readonly driver: { readonly name: string; readonly semanticVersion: string; readonly rules: readonly SarifRule[] } };
    readonly results: readonly SarifResult[];
  }[];
}

interface SarifRule {
  readonly id: string;
  readonly shortDescription: { readonly text: string };
}

interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly locations?: readonly {
    readonly physicalLocation: {
      readonly artifactLocation: { readonly uri: string };
      readonly region?: { readonly startLine: number; readonly startColumn: number };
    };
  }[];
}

test('SARIF says what the standard asks for', () => {
  const findings = [
    FINDING,
    WARNING,
    PLACELESS,
    { ...FINDING, file: './a b/ü#?.yaml', line: 0, column: 0 },
    { ...FINDING, file: '/srv/fleet/a.yaml' },
  ];

  const log = JSON.parse(toSarif(findings, '1.2.3')) as SarifLog;

  // 3.13: version, $schema and runs of the log.
  assert.equal(log.version, '2.1.0');
  assert.match(log.$schema, /sarif-schema-2\.1\.0\.json$/);
  assert.equal(log.runs.length, 1);
  const [run] = log.runs;
  assert.ok(run);
  // 3.14.17: one of the two ways to count columns. 3.19: name and version of the tool.
  assert.equal(run.columnKind, 'utf16CodeUnits');
  assert.equal(run.tool.driver.name, 'tocsin');
  assert.match(run.tool.driver.semanticVersion, /^\d+\.\d+\.\d+/);
  // 3.49: every rule once, with a description that is a sentence (3.49.9).
  const ids = run.tool.driver.rules.map(({ id }) => id);
  assert.deepEqual(ids, Object.keys(RULES));
  assert.equal(new Set(ids).size, ids.length);
  for (const { shortDescription } of run.tool.driver.rules) assert.match(shortDescription.text, /^[A-Z].*\.$/);
  assert.equal(run.results.length, findings.length);
  for (const result of run.results) {
    // 3.27.5 and 3.27.6: id and index name the same rule. 3.27.10: the level is one of four. 3.27.11: a message with text.
    assert.equal(ids[result.ruleIndex], result.ruleId);
    assert.ok(['none', 'note', 'warning', 'error'].includes(result.level));
    assert.ok(result.message.text.length > 0);
    for (const { physicalLocation } of result.locations ?? []) {
      // 3.4.3: a URI reference. 3.30.5 and 3.30.6: lines and columns begin with 1.
      assert.match(physicalLocation.artifactLocation.uri, /^(?:file:\/\/\/)?[A-Za-z0-9\-._~%!$&'()*+,;=@/]+$/);
      const { region } = physicalLocation;
      if (region !== undefined) assert.ok(Number.isInteger(region.startLine) && region.startLine >= 1 && region.startColumn >= 1);
    }
    assert.match(result.partialFingerprints['tocsinFinding/v1'] ?? '', /^[0-9a-f]{64}$/);
  }
  assert.deepEqual(
    run.results.map(({ locations }) => locations?.[0]?.physicalLocation.artifactLocation.uri),
    ['apps/alert.yaml', 'apps/alert.yaml', undefined, 'a%20b/%C3%BC%23%3F.yaml', 'file:///srv/fleet/a.yaml'],
  );
});

test('a finding keeps its fingerprint when lines move', () => {
  assert.deepEqual(fingerprintOf(FINDING), fingerprintOf({ ...FINDING, line: 99, column: 1 }));
  assert.notDeepEqual(fingerprintOf(FINDING), fingerprintOf(WARNING));
});

function fingerprintOf(finding: LintFinding): Readonly<Record<string, string>> | undefined {
  return (JSON.parse(toSarif([finding], '1.2.3')) as SarifLog).runs[0]?.results[0]?.partialFingerprints;
}
