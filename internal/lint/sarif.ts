// SARIF 2.1.0, which code scanning reads: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
import { createHash } from 'node:crypto';
import { type LintFinding, RULES, type RuleId } from './finding.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** One run with every rule; `version` is that of the program. */
export function toSarif(findings: readonly LintFinding[], version: string): string {
  const ids = Object.keys(RULES) as RuleId[];
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'tocsin',
            semanticVersion: version,
            rules: ids.map((id) => ({ id, shortDescription: { text: RULES[id] } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => toResult(finding, ids.indexOf(finding.rule))),
      },
    ],
  };
  return JSON.stringify(log, null, 2);
}

function toResult(finding: LintFinding, ruleIndex: number) {
  const { rule, severity, file, object, message, hint } = finding;
  return {
    ruleId: rule,
    ruleIndex,
    level: severity,
    message: { text: `${object === '' ? '' : `${object}: `}${message}. ${hint}` },
    ...(file === '' ? {} : { locations: [toLocation(finding)] }),
    partialFingerprints: { 'tocsinFinding/v1': fingerprintOf(finding) },
  };
}

function toLocation({ file, line, column, object }: LintFinding) {
  return {
    physicalLocation: {
      artifactLocation: { uri: toUri(file) },
      ...(line === 0 ? {} : { region: { startLine: line, startColumn: column } }),
    },
    ...(object === '' ? {} : { logicalLocations: [{ fullyQualifiedName: object }] }),
  };
}

/** A path as it was given: absolute ones become file addresses, others stay relative to where the program runs. */
function toUri(file: string): string {
  const path = file
    .replace(/^(?:\.\/+)+/, '')
    .toWellFormed()
    .split('/')
    .map(encodeURIComponent)
    .join('/');
  return path.startsWith('/') ? `file://${path}` : path;
}

/** Stays the same when lines move, so that a finding is not taken for a new one. */
function fingerprintOf({ rule, file, object, field, message }: LintFinding): string {
  return createHash('sha256')
    .update(JSON.stringify([rule, file, object, field, message]))
    .digest('hex');
}
