// The Authorization header in the two forms that most vendors take.

type Header = readonly [name: string, value: string];

/** A token as it stands in the Secret; what no header can carry is the transport's to refuse. */
export function bearer(token: string): Header {
  return ['Authorization', `Bearer ${token}`];
}

/** User name and password. */
export function basic({ username, password }: { readonly username: string; readonly password: string }): Header {
  return ['Authorization', `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`];
}
