/** The outgoing side of a sandbox: fetcher, robots.txt, sitemaps, with the endpoints of the runtime itself out of reach. */
import { createFetcher } from '#http/fetcher.ts';
import { createResolver } from '#http/resolver.ts';
import { createRobots } from '#http/robots.ts';
import { DEFAULT_USER_AGENT } from '#http/user-agent.ts';
import { SitemapError, readSitemap } from '#http/sitemap.ts';
import { SourceFailure, type Outgoing, type ReadSitemap } from '#core/context.ts';
import { clock } from './clock.ts';

/** Runtime API, metadata endpoint, agents and (locally) the emulators: never to be asked, whatever an allow-list says. */
function ownEndpoints(env: Record<string, string | undefined>): string[] {
  const named = Object.entries(env)
    .filter(([name]) => /^AWS_(LAMBDA_RUNTIME_API|LAMBDA_METADATA_API|ENDPOINT_URL.*)$/.test(name))
    .map(([, value]) => (value ?? '').replace(/^https?:\/\//, '').replace(/\/.*$/, ''));
  return [
    ...named.filter((endpoint) => endpoint !== ''),
    'localhost:2772',
    '127.0.0.1:2772',
    'localhost:2773',
    '127.0.0.1:2773',
  ];
}

const resolve = createResolver();

/** Of several addresses always the same one, in whatever order the resolver tells them. */
async function addressOf(hostname: string): Promise<string | undefined> {
  const addresses = await resolve(hostname.replace(/^\[|\]$/g, '')).catch(() => []);
  return addresses.map(({ address }) => address).sort()[0];
}

export const outgoing = (env: Record<string, string | undefined>): Outgoing => ({
  fetcher: createFetcher({ userAgent: DEFAULT_USER_AGENT, forbiddenEndpoints: ownEndpoints(env) }),
  robots: createRobots({ now: () => clock.now() }),
  userAgent: DEFAULT_USER_AGENT,
  loadDomainOf: async () => {
    const { getDomain } = await import('tldts');
    return (hostname) => getDomain(hostname) ?? hostname;
  },
  addressOf,
});

export const sitemaps: { readSitemap: ReadSitemap } = {
  async *readSitemap(spec, fetch) {
    try {
      yield* readSitemap(spec, fetch);
    } catch (error) {
      throw error instanceof SitemapError ? new SourceFailure(`sitemap: ${error.message}`) : error;
    }
  },
};
