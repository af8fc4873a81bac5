// What Bitbucket Cloud says of a token:
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-get.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import {
  CAN_WRITE,
  EXPIRED,
  type ForgeAnswer,
  LACKS,
  LIMITED,
  MISSING,
  RENAMED,
  testForgeCheck,
} from '../../test/support/forge-check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import definition from './bitbucket.provider.ts';

const NAME = 'example/fleet';
const API = 'https://api.bitbucket.org/2.0/repositories';

function repository(changes: object = {}, scopes?: string): HttpResponse {
  return toResponse(200, { full_name: NAME, is_private: true, ...changes }, scopes === undefined ? {} : { 'x-oauth-scopes': scopes });
}

function answering(response: HttpResponse): ForgeAnswer {
  return ({ url }) => (url === `${API}/example/fleet` ? response : undefined);
}

testForgeCheck({
  definition,
  spec: { address: 'https://bitbucket.org/example/fleet' },
  secret: { token: 'somebody:app-password' },
  situations: [
    { name: 'whoever may read may write', answer: answering(repository({}, 'repository')), want: CAN_WRITE('statuses', NAME) },
    { name: 'an API token', answer: answering(repository({}, 'read:repository:bitbucket')), want: CAN_WRITE('statuses', NAME) },
    { name: 'scopes that are not told', answer: answering(repository()), want: CAN_WRITE('statuses', NAME) },
    {
      name: 'a public repository without the scope',
      answer: answering(repository({}, 'account')),
      want: LACKS('statuses', NAME, /has account/),
    },
    {
      name: 'no scope',
      answer: answering(
        toResponse(403, { type: 'error', error: { message: 'Your credentials lack one or more required privilege scopes.' } }),
      ),
      want: { kind: 'deferred', reason: 'auth', message: /^could not read example\/fleet: answered 403: Your credentials lack/ },
    },
    {
      name: 'renamed',
      answer: ({ url }) =>
        url === `${API}/example/estate`
          ? repository({ full_name: 'example/estate' })
          : toResponse(302, '', { location: `${API}/example/estate` }),
      want: RENAMED(NAME, 'example/estate'),
    },
    {
      name: 'missing',
      answer: answering(toResponse(404, { type: 'error', error: { message: 'Repository example/fleet not found' } })),
      want: MISSING(NAME),
    },
    { name: 'an expired token', answer: answering(toResponse(401, '')), want: EXPIRED },
    {
      name: 'a spent budget',
      answer: answering(toResponse(429, 'Rate limit for this resource has been exceeded', { 'retry-after': '60' })),
      want: LIMITED,
    },
  ],
});
