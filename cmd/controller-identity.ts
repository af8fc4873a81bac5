// Tocsin's own identity in a cloud, as the variables say that the vendors' webhooks and tools set. What is named is read when a
// token is needed: files are renewed in place, and one that is missing concerns nobody who does not use it.
import { readFile } from 'node:fs/promises';
import type { ControllerIdentity } from '../internal/credentials/workload-identity.ts';
import type { AzureIdentity } from '../internal/credentials/workload-identity-azure.ts';
import type { GcpIdentity } from '../internal/credentials/workload-identity-gcp.ts';
import { SecretUnavailable } from '../internal/sdk/credentials.ts';
import { ConfigFault } from '../internal/sdk/provider.ts';

/** AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE; GOOGLE_APPLICATION_CREDENTIALS with an external account. */
export function readControllerIdentity(variables: NodeJS.ProcessEnv): ControllerIdentity {
  const azure = toAzure(variables);
  const googleFile = variables['GOOGLE_APPLICATION_CREDENTIALS'];
  return {
    ...(azure === undefined ? {} : { azure }),
    ...(googleFile ? { gcp: () => readExternalAccount(googleFile) } : {}),
  };
}

/** AZURE_AUTHORITY_HOST without its slash; undefined for the public cloud. */
export function readAzureAuthority(variables: NodeJS.ProcessEnv): string | undefined {
  const host = (variables['AZURE_AUTHORITY_HOST'] ?? '').replace(/\/+$/, '');
  return host === '' ? undefined : host;
}

function toAzure(variables: NodeJS.ProcessEnv): AzureIdentity | undefined {
  const { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_FEDERATED_TOKEN_FILE: file } = variables;
  if (!tenantId || !clientId || !file) return undefined;
  return { tenantId, clientId, readToken: () => readNamed(file, 'AZURE_FEDERATED_TOKEN_FILE') };
}

/** https://google.aip.dev/auth/4117, with a file as the source. */
async function readExternalAccount(path: string): Promise<GcpIdentity> {
  const json = toObject(await readNamed(path, 'GOOGLE_APPLICATION_CREDENTIALS'));
  if (json['type'] !== 'external_account') throw unusable('its type is not external_account');
  const source = asObject(json['credential_source']);
  const file = textOf(source['file']);
  const audience = textOf(json['audience']);
  const subjectTokenType = textOf(json['subject_token_type']);
  const tokenUrl = textOf(json['token_url']);
  if (file === '') throw unusable('its credential_source names no file');
  if (audience === '' || subjectTokenType === '') throw unusable('audience or subject_token_type is missing');
  const impersonationUrl = textOf(json['service_account_impersonation_url']);
  for (const url of [tokenUrl, impersonationUrl || tokenUrl]) {
    if (URL.parse(url)?.protocol !== 'https:') throw unusable('token_url and service_account_impersonation_url must be https addresses');
  }
  const format = asObject(source['format']);
  const fieldName = format['type'] === 'json' ? textOf(format['subject_token_field_name']) : '';
  return {
    audience,
    subjectTokenType,
    tokenUrl,
    ...(impersonationUrl === '' ? {} : { impersonationUrl }),
    readToken: async () => {
      const text = await readNamed(file, 'the credential_source of GOOGLE_APPLICATION_CREDENTIALS');
      return fieldName === '' ? text : textOf(toObject(text)[fieldName]);
    },
  };
}

async function readNamed(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new SecretUnavailable(`the file that ${what} names cannot be read`, { cause });
  }
}

type Json = Readonly<Record<string, unknown>>;

function toObject(text: string): Json {
  try {
    return asObject(JSON.parse(text));
  } catch {
    // The parser's words quote the text, so they are not kept.
    throw unusable('it is not JSON');
  }
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function unusable(why: string): ConfigFault {
  return new ConfigFault(`the file that GOOGLE_APPLICATION_CREDENTIALS names cannot be used: ${why}`);
}
