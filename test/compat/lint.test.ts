// Lint against the recordings: what was delivered is free of errors, and what was refused for its configuration is not.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { catalog } from '../../internal/catalog/catalog.ts';
import { readFolder } from '../../internal/config/directory/read-folder.ts';
import { createFluxDialect } from '../../internal/dialects/flux/dialect.ts';
import type { LintFinding } from '../../internal/lint/finding.ts';
import { lintFolder } from '../../internal/lint/lint.ts';
import { createRedactor } from '../../internal/telemetry/redactor.ts';
import { writeManifests } from './manifests.ts';
import { fillIn } from './placeholders.ts';
import { listAreas, namespaceOf, readArea, type Vector } from './vector.ts';
import { createMaterial } from './world.ts';

/** Something was sent, although one of two things in the case is broken. */
const PARTLY_BROKEN = ['match/inclusion-bad-and-good', 'match/two-alerts-one-broken'];
/**
 * What a folder cannot show: an expression that is fine and yields nothing for this event, a server that is away or whose
 * certificate nobody vouches for (Flux asks it while it reads the configuration), and Azure DevOps without a token, which asks
 * for the identity of the process.
 */
const NOT_CONFIGURATION =
  /^commit-status\/expr-42$|\/commit-status-expr-empty$|^gitea\/server-down$|^tls\/(?:type|insecret)-git(?:ea|labmergerequestcomment)$|^azuredevops\/credentials-/;
/** What Flux refuses and Tocsin sends; there a warning is enough. */
const SENT_BY_US = /credentials-password-only$|^tls\/insecret-bad-|^otel\/http-with-tls$/;

const CONFIGURATION_FAULT =
  /failed to initialize notifier|failed to get (?:secret|proxy URL|TLS config)|invalid (?:address|'proxy')|failed to read headers/;

test('lint agrees with what was recorded', async () => {
  const { placeholders } = createMaterial();
  const values = { ...placeholders, sink: '127.0.0.1:8080', nats: '127.0.0.1:4222' };
  const vectors = listAreas()
    .flatMap(readArea)
    .filter(({ given }) => (given.objects ?? []).length > 0)
    .map((vector) => ({ ...vector, given: fillIn(vector.given, values) }));
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-lint-'));
  try {
    writeManifests(folder, vectors);
    const files = await readFolder({
      paths: [folder],
      dialect: createFluxDialect({ catalog }),
      monotonicMs: () => performance.now(),
    });
    const findings = Map.groupBy(await lintFolder(files, createRedactor()), ({ file }) => basename(file, '.yaml'));

    assert.deepEqual(
      vectors.flatMap((vector) => wronglyBlamed(vector, findings.get(namespaceOf(vector)) ?? [])),
      [],
    );
    assert.deepEqual(
      vectors.flatMap((vector) => overlooked(vector, findings.get(namespaceOf(vector)) ?? [])),
      [],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function wronglyBlamed({ name, expected }: Vector, findings: readonly LintFinding[]): string[] {
  if ((expected.requests ?? []).length === 0 || PARTLY_BROKEN.includes(name)) return [];
  return findings.filter(({ severity }) => severity === 'error').map(({ rule, message }) => `${name}: ${rule}: ${message}`);
}

function overlooked({ name, expected }: Vector, findings: readonly LintFinding[]): string[] {
  if ((expected.requests ?? []).length > 0 || NOT_CONFIGURATION.test(name)) return [];
  const fault = JSON.stringify(expected).match(CONFIGURATION_FAULT)?.[0];
  if (fault === undefined) return [];
  const isTold = findings.some(({ rule, severity }) => severity === 'error' || rule === 'missing-secret' || rule === 'unsupported-type');
  return isTold || (SENT_BY_US.test(name) && findings.length > 0) ? [] : [`${name}: ${fault}`];
}
