/**
 * `fetch.secretHeaders`: which secrets a task names, what they hold, and which requests carry them. They go to what the
 * task itself names: every URL of a list, of `urls` and of a range; of a crawl, a sitemap or a follow only the origins that
 * its author wrote down, because where a page or a sitemap leads to is for others to say. robots.txt is asked without.
 */
import { secretKey } from './names.ts';
import { parseHttp } from './url.ts';
import type { Secrets, Table } from './ports.ts';
import type { SourceSpec, TaskSpec } from './task.ts';

/** The secret headers of a request to this URL. */
export type SecretsFor = (url: string) => Record<string, string>;
export const NO_SECRETS: SecretsFor = () => ({});

/** A secret that a task names and that is not there. */
export class SecretMissing extends Error {
  override readonly name = 'SecretMissing';
  constructor(secret: string) {
    super(`fetch.secretHeaders: there is no secret ${JSON.stringify(secret)}`);
  }
}

/** The first header whose secret the tenant does not have. Asks no values. */
export async function missingSecret(
  table: Table,
  tenant: string,
  task: { fetch: Pick<TaskSpec['fetch'], 'secretHeaders'> },
): Promise<{ header: string; secret: string } | undefined> {
  for (const [header, secret] of Object.entries(task.fetch.secretHeaders))
    if ((await table.get(secretKey(tenant, secret))) === undefined) return { header, secret };
  return undefined;
}

/** @throws SecretMissing. */
export async function readSecrets(secrets: Secrets, tenant: string, task: TaskSpec): Promise<SecretsFor> {
  const named = Object.entries(task.fetch.secretHeaders);
  if (named.length === 0) return NO_SECRETS;
  const headers: Record<string, string> = {};
  for (const [header, secret] of named) {
    const value = await secrets.read(tenant, secret);
    if (value === undefined) throw new SecretMissing(secret);
    headers[header] = value;
  }
  const origins = ownOrigins(task.source);
  return (url) => (origins === undefined || origins.has(originOf(url)) ? headers : {});
}

const originOf = (url: string): string => parseHttp(url)?.origin ?? '';

/** Undefined = every target was named by the task's author. */
function ownOrigins({ crawl, sitemap, follow }: SourceSpec): Set<string> | undefined {
  if (crawl) return new Set(crawl.seeds.map(originOf));
  if (follow) return new Set([originOf(follow.url)]);
  if (sitemap === undefined) return undefined;
  return new Set([originOf(typeof sitemap === 'string' ? sitemap : sitemap.robots)]);
}
