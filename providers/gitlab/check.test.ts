// What GitLab says of a token: https://docs.gitlab.com/api/projects/#get-a-single-project and
// https://docs.gitlab.com/api/personal_access_tokens/#self-inform.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import {
  ARCHIVED,
  CAN_WRITE,
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
import gitlab from './gitlab.provider.ts';
import comment from './gitlabmergerequestcomment.provider.ts';

const NAME = 'group/fleet';
const API = 'https://gitlab.example.com/api/v4';
const spec = { address: 'https://gitlab.example.com/group/fleet' };
const secret = { token: 'glpat-12345678' };
const api = toResponse(200, { active: true, scopes: ['api'] });

function project(level: number | null, changes: object = {}): HttpResponse {
  const permissions = { project_access: level === null ? null : { access_level: level }, group_access: null };
  return toResponse(200, { path_with_namespace: NAME, archived: false, permissions, ...changes });
}

function answering(found: HttpResponse, token: HttpResponse = api): ForgeAnswer {
  return ({ url }) => {
    if (url === `${API}/personal_access_tokens/self`) return token;
    return url === `${API}/projects/group%2Ffleet` ? found : undefined;
  };
}

const readOnly = toResponse(200, { active: true, scopes: ['read_api', 'read_repository'] });
const viaGroup = project(null, { permissions: { project_access: { access_level: 20 }, group_access: { access_level: 40 } } });

testForgeCheck({
  definition: gitlab,
  spec,
  secret,
  situations: [
    { name: 'a developer', answer: answering(project(30)), want: CAN_WRITE('statuses', NAME) },
    { name: 'a maintainer of the group', answer: answering(viaGroup), want: CAN_WRITE('statuses', NAME) },
    {
      name: 'a token that ends',
      answer: answering(project(30), toResponse(200, { scopes: ['api'], expires_at: '2026-12-31' })),
      want: { kind: 'delivered', note: /^the token can write statuses on group\/fleet; it expires on 2026-12-31$/ },
    },
    { name: 'a reporter', answer: answering(project(20)), want: LACKS('statuses', NAME, /must be Developer or more/) },
    {
      name: 'no scope',
      answer: answering(project(40), readOnly),
      want: LACKS('statuses', NAME, /needs the scope api and has read_api, read_repository/),
    },
    { name: 'an administrator without a role', answer: answering(project(null)), want: IN_DOUBT(NAME, /does not tell/) },
    { name: 'a token of OAuth', answer: answering(project(30), toResponse(401, {})), want: IN_DOUBT(NAME, /does not tell/) },
    { name: 'archived', answer: answering(project(30, { archived: true })), want: ARCHIVED(NAME) },
    {
      name: 'renamed, and followed',
      answer: answering(project(30, { path_with_namespace: 'group/estate' })),
      want: RENAMED(NAME, 'group/estate'),
    },
    {
      name: 'renamed',
      answer: ({ url }) =>
        url === `${API}/projects/81`
          ? project(30, { path_with_namespace: 'group/estate' })
          : toResponse(301, { message: 'Moved Permanently' }, { location: `${API}/projects/81` }),
      want: RENAMED(NAME, 'group/estate'),
    },
    { name: 'missing', answer: answering(toResponse(404, { message: '404 Project Not Found' })), want: MISSING(NAME) },
    {
      name: 'an expired token',
      answer: answering(toResponse(401, { error: 'invalid_token', error_description: 'Token is expired.' })),
      want: EXPIRED,
    },
    { name: 'a spent budget', answer: answering(toResponse(429, 'Retry later', { 'retry-after': '7' })), want: LIMITED },
  ],
});

testForgeCheck({
  definition: gitlab,
  spec: { address: 'https://gitlab.example.com/1234' },
  secret,
  situations: [
    {
      name: 'a project by its number',
      answer: ({ url }) => (url === `${API}/projects/1234` ? project(30) : url.endsWith('/self') ? api : undefined),
      want: CAN_WRITE('statuses', '1234'),
    },
  ],
});

testForgeCheck({
  definition: comment,
  spec,
  secret,
  situations: [
    { name: 'a reporter', answer: answering(project(20)), want: CAN_WRITE('comments', NAME) },
    { name: 'a guest', answer: answering(project(10)), want: LACKS('comments', NAME, /must be Reporter or more/) },
  ],
});
