// What Gitea and Forgejo say of a token: https://docs.gitea.com/api/#tag/repository/operation/repoGet.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import {
  ARCHIVED,
  EXPIRED,
  type ForgeAnswer,
  IN_DOUBT,
  LACKS,
  MISSING,
  RENAMED,
  testForgeCheck,
} from '../../test/support/forge-check-suite.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import gitea from './gitea.provider.ts';
import comment from './giteapullrequestcomment.provider.ts';

const NAME = 'example/fleet';
const API = 'https://codeberg.org/api/v1';
const spec = { address: 'https://codeberg.org/example/fleet' };
const secret = { token: 'tea-12345678' };

function repository(changes: object = {}): HttpResponse {
  return toResponse(200, { full_name: NAME, archived: false, permissions: { admin: false, push: true, pull: true }, ...changes });
}

function answering(response: HttpResponse): ForgeAnswer {
  return ({ url }) => (url === `${API}/repos/example/fleet` ? response : undefined);
}

const readOnly = { permissions: { admin: false, push: false, pull: true } };
const noScope = 'token does not have at least one of required scope(s), required=[read:repository], token scope=write:issue';

testForgeCheck({
  definition: gitea,
  spec,
  secret,
  situations: [
    { name: 'a writer', answer: answering(repository()), want: IN_DOUBT(NAME, /its user may write statuses, .*write:repository/) },
    { name: 'a reader', answer: answering(repository(readOnly)), want: LACKS('statuses', NAME, /allowed to push/) },
    {
      name: 'no scope',
      answer: answering(toResponse(403, { message: noScope })),
      want: {
        kind: 'deferred',
        reason: 'auth',
        message: /^could not read example\/fleet: answered 403: token does not have .*read:repository/,
      },
    },
    { name: 'archived', answer: answering(repository({ archived: true })), want: ARCHIVED(NAME) },
    {
      name: 'renamed, and followed',
      answer: answering(repository({ full_name: 'example/estate' })),
      want: RENAMED(NAME, 'example/estate'),
    },
    {
      name: 'renamed',
      answer: ({ url }) =>
        url === `${API}/repos/example/estate`
          ? repository({ full_name: 'example/estate' })
          : toResponse(307, '', { location: '/api/v1/repos/example/estate' }),
      want: RENAMED(NAME, 'example/estate'),
    },
    { name: 'missing', answer: answering(toResponse(404, { errors: [], message: 'not found' })), want: MISSING(NAME) },
    { name: 'an expired token', answer: answering(toResponse(401, { message: 'invalid username, password or token' })), want: EXPIRED },
  ],
});

testForgeCheck({
  definition: comment,
  spec,
  secret,
  situations: [{ name: 'a reader may comment', answer: answering(repository(readOnly)), want: IN_DOUBT(NAME, /write:issue/) }],
});
