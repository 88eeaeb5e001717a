/** `gleaner tenants …`: tenants and their API keys. A new key is printed once; nothing here stores it. */
import path from 'node:path';
import type { JsonObject } from '#core/json.ts';
import type { CreatedKey, TenantView } from '#core/operations.ts';
import { readFile } from 'node:fs/promises';
import { parseDocument } from '#api/yaml.ts';
import { connect, type CommonOptions } from '../connection.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-codes.ts';
import { Failure, reasonOf } from '../failure.ts';
import { pagesOf, type PagingOptions } from '../pages.ts';
import type { Surroundings } from '../surroundings.ts';
import { table } from '../table.ts';

export interface TenantOptions extends CommonOptions {
  /** A file with quotas, permissions and addresses. */
  settings?: string;
}
export interface KeyOptions extends CommonOptions {
  scope?: string[];
  name?: string;
  expires?: string;
}
export interface RotateOptions extends CommonOptions {
  overlap?: number;
  expires?: string;
}

export async function listTenants(around: Surroundings, options: CommonOptions & PagingOptions): Promise<number> {
  const client = await connect(around, options);
  const { items, more } = await pagesOf(options.limit, (page) => client.listTenants(page));
  if (options.json === true) around.terminal.out(JSON.stringify({ items }, undefined, 2));
  else {
    const rows = items.map(({ id, updatedAt, permissions, name }) => [
      id,
      updatedAt,
      permissions.join(' '),
      name ?? '',
    ]);
    for (const line of table([['TENANT', 'CHANGED', 'PERMISSIONS', 'NAME'], ...rows])) around.terminal.out(line);
  }
  if (more) around.terminal.err('there are more: raise --limit');
  return EXIT_OK;
}

export async function getTenant(around: Surroundings, id: string, options: CommonOptions): Promise<number> {
  return show(around, await (await connect(around, options)).getTenant(id), options);
}
export async function createTenant(around: Surroundings, id: string, options: TenantOptions): Promise<number> {
  const settings = options.settings === undefined ? {} : await settingsOf(around, options.settings);
  return show(around, await (await connect(around, options)).createTenant({ ...settings, id }), options);
}
export async function putTenant(
  around: Surroundings,
  id: string,
  file: string,
  options: CommonOptions,
): Promise<number> {
  const settings = await settingsOf(around, file);
  return show(around, await (await connect(around, options)).replaceTenant(id, settings), options);
}

async function settingsOf(around: Surroundings, file: string): Promise<JsonObject> {
  const text = await readFile(path.resolve(around.cwd, file), 'utf8').catch((error: unknown) => {
    throw new Failure(`${file}: ${reasonOf(error)}`);
  });
  const parsed = parseDocument(text, file.endsWith('.json') ? 'json' : 'yaml');
  if (!parsed.ok) throw new Failure(`${file}: ${parsed.errors.map(({ message }) => message).join('; ')}`);
  if (typeof parsed.value !== 'object' || parsed.value === null || Array.isArray(parsed.value))
    throw new Failure(`${file}: expected quotas, permissions, allowAddresses, hostRequestsPerSecond or name`);
  return parsed.value as JsonObject;
}

function show({ terminal }: Surroundings, view: TenantView, { json }: CommonOptions): number {
  if (json === true) terminal.out(JSON.stringify(view, undefined, 2));
  else {
    terminal.out(`${view.id}${view.name === undefined ? '' : ` (${view.name})`}, changed ${view.updatedAt}`);
    if (view.permissions.length > 0) terminal.out(`  may ${view.permissions.join(', ')}`);
    if (view.allowAddresses.length > 0) terminal.out(`  reaches ${view.allowAddresses.join(', ')}`);
    terminal.out(`  weight ${String(view.weight)}`);
    const rows = Object.entries(view.quotas).map(([name, value]) => [
      `  ${name}`,
      value === null ? 'no bound' : String(value),
    ]);
    rows.push(['  hostRequestsPerSecond', String(view.hostRequestsPerSecond ?? 'no bound')]);
    for (const line of table(rows)) terminal.out(line);
  }
  return EXIT_OK;
}

export async function listKeys(
  around: Surroundings,
  tenant: string,
  options: CommonOptions & PagingOptions,
): Promise<number> {
  const client = await connect(around, options);
  const { items, more } = await pagesOf(options.limit, (page) => client.listKeys(tenant, page));
  if (options.json === true) around.terminal.out(JSON.stringify({ items }, undefined, 2));
  else {
    const rows = items.map(({ id, state, scopes, createdAt, expiresAt, name }) => [
      id,
      state,
      scopes.join(' '),
      createdAt,
      expiresAt ?? 'never',
      name ?? '',
    ]);
    for (const line of table([['KEY', 'STATE', 'SCOPES', 'CREATED', 'ENDS', 'NAME'], ...rows]))
      around.terminal.out(line);
  }
  if (more) around.terminal.err('there are more: raise --limit');
  return EXIT_OK;
}

export async function createKey(around: Surroundings, tenant: string, options: KeyOptions): Promise<number> {
  const client = await connect(around, options);
  const { scope = ['read'], name, expires } = options;
  const request = {
    scopes: scope,
    ...(name !== undefined && { name }),
    ...(expires !== undefined && { expiresAt: expires }),
  };
  return showKey(around, await client.createKey(tenant, request), options);
}

export async function rotateKey(
  around: Surroundings,
  tenant: string,
  id: string,
  options: RotateOptions,
): Promise<number> {
  const { overlap, expires } = options;
  const request = {
    ...(overlap !== undefined && { overlapSeconds: overlap }),
    ...(expires !== undefined && { expiresAt: expires }),
  };
  return showKey(around, await (await connect(around, options)).rotateKey(tenant, id, request), options);
}

/** The key alone on stdout, so that it can be piped to where it belongs. */
function showKey({ terminal }: Surroundings, made: CreatedKey, { json }: CommonOptions): number {
  if (json === true) terminal.out(JSON.stringify(made, undefined, 2));
  else if (made.key !== undefined) terminal.out(made.key);
  if (made.key === undefined) {
    terminal.err(
      `error: key ${made.id} was made, but the answer that showed it was lost: revoke it and make another one`,
    );
    return EXIT_FAILED;
  }
  terminal.err(`key ${made.id} (${made.scopes.join(', ')}): it is shown this once`);
  return EXIT_OK;
}

export async function revokeKey(
  around: Surroundings,
  tenant: string,
  id: string,
  options: CommonOptions,
): Promise<number> {
  await (await connect(around, options)).revokeKey(tenant, id);
  if (options.json === true) around.terminal.out(JSON.stringify({ id, revoked: true }));
  else around.terminal.out(`${id} revoked`);
  return EXIT_OK;
}
