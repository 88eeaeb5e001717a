/** From the bytes of a body to a judged value: size, kind, syntax, schema, in this order. */
import { BODY_BYTES_MAX } from './http.ts';
import type { HttpRequest } from './http.ts';
import { jsonDocument } from './json-document.ts';
import { validation } from './problems.ts';
import type { Problem } from './problems.ts';
import type { BodyReader } from './route.ts';

export type Read<T> = { ok: true; value: T } | { ok: false; problem: Problem };

const YAML_TYPES = new Set(['application/yaml', 'application/x-yaml', 'text/yaml']);

export const bodyBytes = ({ body }: HttpRequest): Uint8Array =>
  typeof body === 'string' ? Buffer.from(body) : (body ?? new Uint8Array());

/** Without a content type a body counts as JSON. An absent or empty body is `undefined` to the reader. */
export async function readBody<B>(
  request: HttpRequest,
  reader: BodyReader<B> | undefined,
): Promise<Read<B | undefined>> {
  if (reader === undefined) return { ok: true, value: undefined };
  const bytes = bodyBytes(request);
  if (bytes.length > BODY_BYTES_MAX) {
    const detail = `the body has ${String(bytes.length)} bytes, at most ${String(BODY_BYTES_MAX)} are taken; put long lists into an upload`;
    return { ok: false, problem: { kind: 'too-large', detail } };
  }
  if (bytes.length === 0) {
    if (!reader.required) return judge(reader, undefined);
    return refuse([{ path: '', message: 'expected a body, got nothing' }]);
  }
  const kind = kindOf(request.headers, reader.yaml);
  if (kind.problem !== undefined) return { ok: false, problem: kind.problem };
  const text = decode(bytes);
  if (text === undefined) return refuse([{ path: '', message: 'expected UTF-8 text' }]);
  const parsed = kind.format === 'json' ? jsonDocument(text) : (await import('./yaml.ts')).parseDocument(text, 'yaml');
  if (!parsed.ok) return refuse(parsed.errors.map(({ path, message }) => ({ path, message })));
  return judge(reader, parsed.value);
}

async function judge<B>(reader: BodyReader<B>, input: unknown): Promise<Read<B>> {
  const read = await reader.read(input);
  return read.ok ? read : refuse(read.errors);
}

const refuse = (errors: { path: string; message: string }[]): { ok: false; problem: Problem } => ({
  ok: false,
  problem: validation(errors),
});

type Kind = { format: 'json' | 'yaml'; problem?: never } | { problem: Problem };
function kindOf(headers: HttpRequest['headers'], yaml: boolean): Kind {
  const taken = yaml ? 'application/json or application/yaml' : 'application/json';
  const wrong = (what: string): Kind => ({
    problem: { kind: 'unsupported-media-type', detail: `${what}; ${taken} in UTF-8 is taken` },
  });
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return wrong('the body has a content encoding');

  const [given = '', ...parameters] = (headers['content-type'] ?? 'application/json').toLowerCase().split(';');
  const charset = parameters.map((parameter) => parameter.trim()).find((p) => p.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return wrong('the body is not in UTF-8');
  const type = given.trim();
  if (type === 'application/json' || /^application\/[\w.-]+\+json$/.test(type)) return { format: 'json' };
  if (yaml && YAML_TYPES.has(type)) return { format: 'yaml' };
  return wrong('the content type is another');
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
