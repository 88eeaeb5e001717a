/**
 * Pages that nobody here wrote: the manuals of Debian's python3-doc and postgresql-doc-15, served on loopback, collected by the
 * embedded stack (a crawl without sitemap, and a list) and compared field by field with lxml. Skipped, saying so, where
 * the packages are not installed: apt-get install the packages named below.
 */
import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, globSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbedded, type EmbeddedStack } from '#local/embedded.ts';
import type { PageOf, RecordLine, RunView } from '#core/operations.ts';

const MANUALS: Record<string, string> = {
  python: '/usr/share/doc/python3-doc/html',
  postgresql: '/usr/share/doc/postgresql-doc-15/html',
  sqlite: '/usr/share/doc/sqlite3',
};
const present = Object.entries(MANUALS).filter(([, dir]) => existsSync(dir));
const lxml = spawnSync('/usr/bin/python3', ['-c', 'import lxml.html, html5lib']).status === 0;
const ready = lxml && present.length === Object.keys(MANUALS).length;
if (!ready)
  console.warn('skipped: python3-doc, postgresql-doc-15, sqlite3-doc (two of them) and python3-lxml are needed');

const fields = {
  title: 'title',
  heads: { css: 'h1, h2', all: true },
  links: { css: 'a[href]', attr: 'href', as: 'url', all: true },
};
const dataDir = mkdtempSync(join(tmpdir(), 'gleaner-pages-'));
let server: Server;
let base = '';
let stack: EmbeddedStack;

const fileOf = (url: string): string => {
  const [, manual = '', ...path] = decodeURIComponent(new URL(url).pathname).split('/');
  return join(MANUALS[manual] ?? '/nonexistent', ...path);
};

beforeAll(async () => {
  if (!ready) return;
  server = createServer((request, response) => {
    const file = fileOf(`http://x${request.url ?? ''}`);
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    return response
      .writeHead(200, {
        'content-type': file.endsWith('.html') ? 'text/html; charset=utf-8' : 'application/octet-stream',
      })
      .end(readFileSync(file));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${String((server.address() as { port: number }).port)}`;
  stack = await startEmbedded({ dataDir, port: 0, log: () => undefined });
});
afterAll(async () => {
  if (ready) {
    await stack.close();
    server.close();
  }
  rmSync(dataDir, { recursive: true, force: true });
});

async function api<T>(method: string, path: string, body?: object): Promise<T> {
  const headers = { authorization: `Bearer ${stack.key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${stack.apiUrl}/v1${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as T;
}

async function collect(source: object): Promise<{ run: RunView; rows: RecordLine[] }> {
  const task = {
    name: 'pages',
    source,
    extract: { format: 'html', fields },
    pace: { requestsPerSecond: 1000, concurrency: 16, adapt: false },
  };
  let run = await api<RunView>('POST', '/runs', { task });
  while (run.finishedAt === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    run = await api<RunView>('GET', `/runs/${run.id}`);
  }
  const rows: RecordLine[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page: PageOf<RecordLine> = await api(
      'GET',
      `/runs/${run.id}/records?limit=500${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    rows.push(...page.items);
    cursor = page.nextCursor;
  }
  return { run, rows };
}

/** Fields in which our records differ from lxml's; where lxml's older HTML parser reads a page otherwise, html5lib decides. */
function compare(rows: RecordLine[]): { differences: string[]; byHtml5: number } {
  const doubtful = new Set(differing(rows, []).map(({ url }) => url));
  const again = rows.filter(({ url }) => doubtful.has(url));
  const differences =
    again.length === 0 ? [] : differing(again, ['--html5']).map(({ url, detail }) => `${url} ${detail}`);
  return { differences, byHtml5: again.length };
}

function differing(rows: RecordLine[], flags: string[]): { url: string; detail: string }[] {
  const input = rows.map(({ url }) => `${url}\t${fileOf(url)}`).join('\n');
  const script = fileURLToPath(new URL('extract.py', import.meta.url));
  const options = { input, maxBuffer: 1 << 30, encoding: 'utf8' as const };
  const { stdout, stderr, status } = spawnSync('/usr/bin/python3', [script, ...flags], options);
  if (status !== 0) throw new Error(stderr);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RecordLine);
  const theirs = new Map(lines.map(({ url, data }) => [url, data]));
  return rows.flatMap(({ url, data }) =>
    Object.keys(fields).flatMap((field) => {
      const [a, b] = [JSON.stringify(data[field]), JSON.stringify(theirs.get(url)?.[field])];
      if (a === b) return [];
      const at = Math.max(0, [...a].findIndex((char, i) => char !== b[i]) - 40);
      return [{ url, detail: `${field}: …${a.slice(at, at + 100)} / …${b.slice(at, at + 100)}` }];
    }),
  );
}

describe.skipIf(!ready)('pages nobody here wrote', () => {
  it('a crawl without sitemap finds them, and every field equals lxml', async () => {
    const seeds = present.map(([manual]) => `${base}/${manual}/index.html`);
    const { run, rows } = await collect({
      crawl: { seeds, depth: 10, scope: 'host', maxTargets: 20_000 },
      include: ['**/*.html'],
    });
    const { differences, byHtml5 } = compare(rows);
    console.warn(
      `crawl: ${run.state}, ${String(rows.length)} pages, ${String(differences.length)} differences (${String(byHtml5)} pages judged by html5lib)`,
      differences.slice(0, 10),
      run.progress,
    );
    expect(rows.length).toBeGreaterThan(2000);
    expect(differences).toEqual([]);
  });

  it('a list of them, every field equal too', async () => {
    const urls = present.flatMap(([manual, dir]) =>
      globSync('**/*.html', { cwd: dir }).map((file) => `${base}/${manual}/${file}`),
    );
    const upload = await api<{ url: string; list: string }>('POST', '/uploads');
    await fetch(upload.url, { method: 'PUT', body: urls.join('\n') });
    const { run, rows } = await collect({ list: upload.list });
    const { differences, byHtml5 } = compare(rows);
    console.warn(
      `list: ${run.state}, ${String(rows.length)} of ${String(urls.length)} pages, ${String(differences.length)} differences (${String(byHtml5)} pages judged by html5lib)`,
      differences.slice(0, 10),
    );
    expect(run.progress.collected).toBe(urls.length);
    expect(differences).toEqual([]);
  });
});
