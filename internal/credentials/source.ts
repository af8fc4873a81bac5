// Where Secrets come from: manifests of a folder, a directory of files, or the API server.

/** The decoded data of a Secret; values are raw bytes. */
export type SecretData = Readonly<Record<string, Uint8Array>>;

export interface SecretSource {
  /** undefined = there is no such Secret. Rejects when that cannot be known now. */
  get(namespace: string, name: string): Promise<SecretData | undefined>;
}
