// GitLab's community client as far as it is needed here, on our transport. It is loaded at the first use, because it brings
// GitLab's whole API.
import type { Commits, MergeRequestNotes, Users } from '@gitbeaker/rest';
import type { Send } from '../../internal/sdk/http.ts';
import { type Access, toClientOptions } from './requester.ts';

/** A client of commits; whatever it reads is a list. */
export async function createCommitsClient(http: Send, access: Access): Promise<Commits> {
  const { Commits: CommitsResource } = await import('@gitbeaker/rest');
  return new CommitsResource(await toClientOptions(http, access, () => true));
}

export interface NotesClient {
  readonly notes: MergeRequestNotes;
  readonly users: Users;
}

/** A client of the comments of merge requests, which GitLab calls notes, and of those who write them. */
export async function createNotesClient(http: Send, access: Access): Promise<NotesClient> {
  const { MergeRequestNotes: NotesResource, Users: UsersResource } = await import('@gitbeaker/rest');
  const options = await toClientOptions(http, access, (endpoint) => endpoint.endsWith('/notes'));
  return { notes: new NotesResource(options), users: new UsersResource(options) };
}
