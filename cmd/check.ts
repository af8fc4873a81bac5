// `tocsin check PROVIDER`: whether it can be reached and lets us in, without posting a message. The running server asks,
// because its network and its Secrets are what counts; with --manifests this machine does.
import type { Command } from 'commander';
import { type CheckReport, type CheckStep, checkTarget } from '../internal/preview/check.ts';
import { createTokenCache } from '../internal/credentials/token-cache.ts';
import { parseEgress } from '../internal/transport/egress.ts';
import { createTransport } from '../internal/transport/transport.ts';
import { adviceForCheck } from './advice.ts';
import { type AdminFlags, AdminError, post, withAdminFlags } from './admin-client.ts';
import { readEnvironment } from './environment.ts';
import { openFolder } from './folder.ts';
import { type FolderFlags, hasFolder, withFolderFlags } from './folder-flags.ts';
import { SILENT } from './silent-log.ts';
import { systemClock } from './system-clock.ts';
import type { Terminal } from './terminal.ts';
import { printable } from './words.ts';
import { VERSION } from './version.ts';

interface CheckFlags extends AdminFlags, FolderFlags {}

const HELP = `
Nothing is posted. The configuration is resolved, the server of the address gets a "HEAD /" without credentials (never the
path of the webhook, which may take any request for a message), and where the vendor has a call that changes nothing, the
credentials are tried with it. Where it has none, the connection is all that can be checked: "tocsin send" tells the rest.
Exit codes: 0 nothing failed, 1 something failed, 2 wrong usage.

Examples:
  tocsin check apps/slack
  tocsin check apps/slack --manifests clusters/prod
`;

/** Adds the command to the program. */
export function addCheck(program: Command, terminal: Terminal): void {
  const command = program.command('check').description('reach a Provider and try its credentials without posting a message');
  withFolderFlags(withAdminFlags(command), 'to check from this machine instead of from the running server')
    .argument('<provider>', 'the Provider as namespace/name')
    .addHelpText('after', HELP)
    .action(async (provider: string, flags: CheckFlags) => {
      if (!/^[^/]+\/[^/]+$/.test(provider)) command.error(`error: ${provider} is no Provider; write namespace/name`);
      const report = hasFolder(flags) ? await checkFromHere(provider, flags) : await askServer(provider, flags);
      if (!report.isFine) process.exitCode = 1;
      terminal.print(flags.output === 'json' ? JSON.stringify(report, null, 2) : describe(report).join('\n'));
    });
}

async function askServer(provider: string, flags: CheckFlags): Promise<CheckReport> {
  const path = provider.split('/').map(encodeURIComponent).join('/');
  return (await post(flags, `/api/v1/providers/${path}/check`)) as CheckReport;
}

async function checkFromHere(provider: string, flags: CheckFlags): Promise<CheckReport> {
  const folder = await openFolder(flags);
  const target = folder.snapshot.targets.get(`flux//${provider}`);
  if (target === undefined) throw new AdminError(`there is no usable Provider ${provider} in the folder; "tocsin lint" says what is wrong`);
  const environment = await readEnvironment(process.env);
  const transport = createTransport({
    environment,
    ...(environment.trustedCa === undefined ? {} : { extraCa: environment.trustedCa }),
    egress: parseEgress({ deny: [], allow: [], denyLoopback: false }),
    ownListeners: () => [],
    clock: systemClock,
    userAgent: `tocsin/${VERSION}`,
  });
  const { redactor } = folder;
  const tokens = createTokenCache({ clock: systemClock, redactor, maxSize: 10, maxDurationMs: 60_000 });
  try {
    return await checkTarget(target, {
      resolve: (one) => folder.resolve(one),
      transport,
      redactor,
      tokens: (key, acquire) => tokens.token(key, acquire),
      environment: environment.forProviders,
      clock: systemClock,
      log: SILENT,
    });
  } finally {
    await transport.close();
  }
}

function describe({ provider, type, isFine, steps }: CheckReport): string[] {
  return [`${type} ${provider}: ${isFine ? 'nothing failed' : 'FAILED'}`, ...steps.flatMap(describeStep)];
}

function describeStep({ step, result, reason, detail }: CheckStep): string[] {
  const why = reason === undefined ? '' : ` (${reason})`;
  const line = `  ${step.padEnd(13)} ${result.padEnd(9)} ${printable(detail)}${why}`;
  return result === 'failed' && reason !== undefined ? [line, `  → ${adviceForCheck(reason)}`] : [line];
}
