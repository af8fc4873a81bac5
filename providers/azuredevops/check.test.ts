// What Azure DevOps says of a token: https://learn.microsoft.com/rest/api/azure/devops/git/repositories/get-repository and
// https://learn.microsoft.com/rest/api/azure/devops/security/permissions/has-permissions.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import {
  ARCHIVED,
  EXPIRED,
  type ForgeAnswer,
  IN_DOUBT,
  LACKS,
  LIMITED,
  MISSING,
  RENAMED,
  testForgeCheck,
} from '../../test/support/forge-check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import definition from './azuredevops.provider.ts';

const NAME = 'platform/fleet';
const ORGANISATION = 'https://dev.azure.com/example';

function repository(changes: object = {}): HttpResponse {
  return toResponse(200, { id: 'repo-id', name: 'fleet', project: { id: 'project-id', name: 'platform' }, isDisabled: false, ...changes });
}

const nobody = toResponse(200, { authenticatedUser: { id: 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa' } });

function answering(
  found: HttpResponse,
  permission: HttpResponse = toResponse(200, { count: 1, value: [true] }),
  connection: HttpResponse = nobody,
): ForgeAnswer {
  return ({ url }) => {
    if (url === `${ORGANISATION}/_apis/connectionData`) return connection;
    if (url === `${ORGANISATION}/platform/_apis/git/repositories/fleet?api-version=7.1`) return found;
    const asked = `${ORGANISATION}/_apis/permissions/2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87/4?tokens=repoV2%2Fproject-id%2Frepo-id&api-version=7.1`;
    return url === asked ? permission : undefined;
  };
}

const no = toResponse(200, { count: 1, value: [false] });
const unknown = { message: 'TF401019: The Git repository with name or identifier fleet does not exist or you do not have permissions' };

testForgeCheck({
  definition,
  spec: { address: 'https://dev.azure.com/example/platform/_git/fleet' },
  secret: { token: 'pat-12345678' },
  situations: [
    { name: 'a contributor', answer: answering(repository()), want: IN_DOUBT(NAME, /may contribute there, .*scope Code \(Status\)/) },
    { name: 'a reader', answer: answering(repository(), no), want: LACKS('statuses', NAME, /permission Contribute/) },
    {
      name: 'permissions that are not told',
      answer: answering(repository(), toResponse(403, {})),
      want: IN_DOUBT(NAME, /may write statuses/),
    },
    {
      name: 'a token for statuses alone',
      answer: answering(toResponse(401, ''), no, toResponse(200, { authenticatedUser: { id: 'somebody' } })),
      want: { kind: 'delivered', note: /^the token is good and may not read platform\/fleet, as one with the scope Code \(Status\) alone/ },
    },
    { name: 'disabled', answer: answering(repository({ isDisabled: true })), want: ARCHIVED(NAME) },
    { name: 'renamed', answer: answering(repository({ name: 'estate' })), want: RENAMED(NAME, 'platform/estate') },
    { name: 'missing', answer: answering(toResponse(404, unknown)), want: MISSING(NAME) },
    { name: 'an expired token', answer: answering(toResponse(401, '')), want: EXPIRED },
    { name: 'the sign-in page', answer: answering(toResponse(203, '<html>Sign in</html>')), want: EXPIRED },
    { name: 'a spent budget', answer: answering(toResponse(429, {}, { 'retry-after': '30' })), want: LIMITED },
  ],
});
