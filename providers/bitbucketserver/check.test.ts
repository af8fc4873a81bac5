// What Bitbucket Data Center says of a token:
// https://developer.atlassian.com/server/bitbucket/rest/latest/api-group-project/#api-api-latest-projects-projectkey-repos-repositoryslug-get.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import { ARCHIVED, CAN_WRITE, EXPIRED, type ForgeAnswer, MISSING, RENAMED, testForgeCheck } from '../../test/support/forge-check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import definition from './bitbucketserver.provider.ts';

const NAME = 'ops/fleet';

function repository(changes: object = {}): HttpResponse {
  return toResponse(200, { slug: 'fleet', project: { key: 'OPS' }, archived: false, ...changes });
}

function answering(response: HttpResponse): ForgeAnswer {
  return ({ url }) => (url === 'https://git.example.com/rest/api/latest/projects/ops/repos/fleet' ? response : undefined);
}

const said = (message: string) => ({ errors: [{ context: null, message }] });

for (const secret of [{ token: 'bbdc-12345678' }, { username: 'flux-bot', password: 'pw-12345678' }]) {
  testForgeCheck({
    definition,
    spec: { address: 'https://git.example.com/scm/ops/fleet.git' },
    secret,
    situations: [
      {
        name: `whoever may read may write, ${Object.keys(secret).join(' and ')}`,
        answer: answering(repository()),
        want: CAN_WRITE('statuses', NAME),
      },
      { name: 'archived', answer: answering(repository({ archived: true })), want: ARCHIVED(NAME) },
      { name: 'renamed', answer: answering(repository({ slug: 'estate' })), want: RENAMED(NAME, 'OPS/estate') },
      { name: 'missing', answer: answering(toResponse(404, said('Repository OPS/fleet does not exist.'))), want: MISSING(NAME) },
      { name: 'no permission', answer: answering(toResponse(401, said('You are not permitted to access this resource'))), want: EXPIRED },
    ],
  });
}
