// What each part may import: the one place where it is written; ARCHITECTURE.md shows the same table.

/** Our own parts that a part may import, besides itself. */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'internal/event': [],
  'internal/sdk': ['internal/event'],
  'internal/expr': ['internal/sdk', 'internal/event'],
  'internal/telemetry': ['internal/sdk', 'internal/event', 'internal/outbox'],
  'internal/enrich': ['internal/routing', 'internal/expr', 'internal/sdk', 'internal/event'],
  'internal/routing': ['internal/enrich', 'internal/outbox', 'internal/expr', 'internal/sdk', 'internal/event'],
  'internal/outbox': ['internal/routing', 'internal/sdk', 'internal/event'],
  'internal/outbox/sqlite': ['internal/outbox', 'internal/routing', 'internal/sdk', 'internal/event'],
  'internal/transport': ['internal/sdk', 'internal/event'],
  'internal/credentials': ['internal/routing', 'internal/sdk', 'internal/event'],
  'internal/catalog': ['providers', 'internal/dialects/flux', 'internal/sdk', 'internal/event'],
  'internal/dialects/flux': ['internal/routing', 'internal/enrich', 'internal/expr', 'internal/sdk', 'internal/event'],
  'internal/intake': ['internal/outbox', 'internal/routing', 'internal/enrich', 'internal/sdk', 'internal/event'],
  'internal/deliver': ['internal/outbox', 'internal/routing', 'internal/enrich', 'internal/sdk', 'internal/event'],
  'internal/config': ['internal/sdk', 'internal/event'],
  'internal/config/directory': [
    'internal/config',
    'internal/credentials',
    'internal/dialects/flux',
    'internal/routing',
    'internal/sdk',
    'internal/event',
  ],
  'internal/admin': ['internal/outbox', 'internal/routing', 'internal/sdk', 'internal/event'],
  providers: ['internal/sdk'],
};

/** npm packages that each part may import; a vendor's client needs a decision note. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'internal/event': [],
  'internal/sdk': ['zod'],
  'internal/expr': ['@marcbachmann/cel-js', 're2js'],
  'internal/telemetry': ['pino', 'prom-client', 'express'],
  'internal/enrich': [],
  'internal/routing': [],
  'internal/outbox': [],
  'internal/outbox/sqlite': ['lru-cache'],
  'internal/transport': ['undici'],
  'internal/credentials': ['yaml', 'lru-cache'],
  'internal/catalog': ['zod', 'yaml'],
  'internal/dialects/flux': ['zod'],
  'internal/intake': ['express'],
  'internal/deliver': ['lru-cache'],
  'internal/config': ['yaml', 'zod'],
  'internal/config/directory': ['yaml'],
  'internal/admin': ['express', 'zod'],
  providers: ['zod'],
  'providers/github': ['zod', '@octokit/rest', 'jose'],
};
