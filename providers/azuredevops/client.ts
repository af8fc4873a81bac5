// Microsoft's client on our transport. It would open connections of its own, past the proxy, the certificates and the egress
// guard; it takes 404 for an empty answer; and it asks each time where the API is, which is remembered here.
import type { GitApi } from 'azure-devops-node-api/GitApi.js';
import type { ApiResourceLocation } from 'azure-devops-node-api/interfaces/common/VsoBaseInterfaces.js';
import { ForgeRefusal, requireJson, requireObject, requireSuccess, UnusableAnswer } from '../../internal/sdk/git/forge-answer.ts';
import type { HttpRequest, HttpResponse, Send } from '../../internal/sdk/http.ts';

/** The id under which every server lists where statuses of commits are. */
const STATUSES_LOCATION = '428dd4fb-fda5-4722-af02-9313b80305da';
/** Azure DevOps answers a token that it does not know with its sign-in page, and this status. */
export const SIGN_IN_PAGE = 203;

export type Location = ApiResourceLocation;

/** Where the API is in a preview. */
export const PREVIEWED_LOCATION = {
  id: STATUSES_LOCATION,
  area: 'git',
  resourceName: 'statuses',
  routeTemplate: '{project}/_apis/{area}/repositories/{repositoryId}/commits/{commitId}/{resource}',
  resourceVersion: 1,
  minVersion: '2.1',
  maxVersion: '7.2',
  releasedVersion: '7.1',
};

interface Access {
  readonly http: Send;
  readonly organisationUrl: string;
  readonly token: string;
}

/** Asks the server where statuses of commits are. */
export async function findLocation({ http, organisationUrl, token }: Access): Promise<Location> {
  const headers = [['Accept', 'application/json'] as const, ...credentials(token)];
  const response = accept(await http({ method: 'OPTIONS', url: `${organisationUrl}/_apis`, headers }));
  const answer = requireJson(response);
  const list: unknown = typeof answer === 'object' && answer !== null && 'value' in answer ? answer.value : undefined;
  const location = Array.isArray(list) ? list.find(isStatuses) : undefined;
  if (location === undefined) throw new UnusableAnswer(response.status, 'the answer does not say where statuses are');
  return location;
}

/** A client of one organisation and one token. Loaded at the first use, because it brings the whole API of Azure DevOps. */
export async function createClient({ http, organisationUrl, token }: Access, location: Location): Promise<GitApi> {
  const { default: library } = await import('azure-devops-node-api/GitApi.js');
  const api = new library.GitApi(organisationUrl, [], undefined, undefined);
  api.vsoClient.beginGetLocation = async () => location;
  const client: { request: unknown } = api.rest.client;
  client.request = async (method: string, url: string, body: string | null, headers: Readonly<Record<string, string>>) => {
    const response = accept(await http(toRequest({ method, url, body, headers }, token)));
    requireObject(requireJson(response), response.status);
    const text = new TextDecoder().decode(response.body);
    return { message: { statusCode: response.status, headers: { ...response.headers } }, readBody: async () => text };
  };
  return api;
}

function toRequest(
  request: { method: string; url: string; body: string | null; headers: Readonly<Record<string, string>> },
  token: string,
): HttpRequest {
  const { method, url, body, headers } = request;
  const given = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-type');
  const sent = [...given.map(([name, value]) => [name, value] as const), ...credentials(token)];
  if (!body) return { method, url, headers: sent };
  return { method, url, headers: [...sent, ['Content-Type', 'application/json;charset=utf-8']], body };
}

/** The headers of a token. Without the second one a refused request is redirected to a sign-in page. */
export function credentials(token: string): HttpRequest['headers'] {
  return [
    ['Authorization', `Basic ${Buffer.from(`:${token}`).toString('base64')}`],
    ['X-TFS-FedAuthRedirect', 'Suppress'],
  ];
}

function accept(response: HttpResponse): HttpResponse {
  if (response.status !== SIGN_IN_PAGE) return requireSuccess(response);
  throw new ForgeRefusal({ status: 401, headers: response.headers, words: 'a sign-in page, the token is not valid' });
}

function isStatuses(item: unknown): item is Location {
  const location = typeof item === 'object' && item !== null ? (item as Readonly<Record<string, unknown>>) : {};
  return (
    String(location['id']).toLowerCase() === STATUSES_LOCATION &&
    ['area', 'resourceName', 'routeTemplate', 'maxVersion', 'releasedVersion'].every((name) => typeof location[name] === 'string')
  );
}
