/** A task file as the user wrote it: read, judged with all its errors at once, its list found. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isMap, isSeq, LineCounter, parseDocument as parseYaml, type Node } from 'yaml';
import { parseTask } from '#api/task-schema.ts';
import { parseDocument } from '#api/yaml.ts';
import { checkExtract } from '#extract/check.ts';
import type { JsonObject } from '#core/json.ts';
import type { TaskSpec } from '#core/task.ts';
import type { Client } from './client.ts';
import { codeOf, Failure } from './failure.ts';
import type { Surroundings } from './surroundings.ts';
import { sizeOf, uploadList } from './upload.ts';

export interface TaskError {
  /** Where in the document: `extract.fields.price.as`; '' = the document itself. */
  path: string;
  message: string;
  /** From 1, where the place could be found in the text. */
  line?: number;
}
export type ReadTask =
  | {
      ok: true;
      task: TaskSpec;
      /** As written, without defaults: what is sent. */
      document: JsonObject;
      warnings: string[];
      /** Absolute path of a `list: file:PATH`, which is relative to the task file. */
      listFile?: string;
    }
  | { ok: false; errors: TaskError[] };

const FILE_LIST = 'file:';

/** @param file absolute. `Failure` when there is no such file; whatever is wrong with its content is a value. */
export async function readTaskFile(file: string): Promise<ReadTask> {
  const text = await textOf(file);
  const parsed = parseDocument(text);
  if (!parsed.ok)
    return {
      ok: false,
      errors: parsed.errors.map(({ message, line }) => ({ path: '', message: unplaced(message), line })),
    };
  const judged = parseTask(parsed.value, { allowFileLists: true, check: checkExtract });
  if (!judged.ok)
    return { ok: false, errors: judged.errors.map((error) => ({ ...error, ...lineIn(text, error.path) })) };
  const { task, warnings } = judged;
  const list = task.source.list;
  const read = { ok: true as const, task, document: parsed.value as JsonObject, warnings };
  if (list?.startsWith(FILE_LIST) !== true) return read;
  const listFile = path.resolve(path.dirname(file), list.slice(FILE_LIST.length));
  try {
    await sizeOf(listFile);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ok: false, errors: [{ path: 'source.list', message: error.message, ...lineIn(text, 'source.list') }] };
  }
  return { ...read, listFile };
}

/** The document to send: a list on this machine is uploaded first and named by its upload. */
export async function documentToSend(
  around: Surroundings,
  client: Client,
  read: ReadTask & { ok: true },
): Promise<JsonObject> {
  if (read.listFile === undefined) return read.document;
  around.terminal.err(`uploading ${path.relative(around.cwd, read.listFile) || read.listFile}`);
  const list = await uploadList(around, client, read.listFile);
  return { ...read.document, source: { ...(read.document.source as JsonObject), list } };
}

/** The line is told once, in front. */
const unplaced = (message: string): string => message.replace(/^line \d+, column \d+: /, '');

/** `task.yaml:12: extract.each: expected …` a line each. */
export function errorLines(file: string, errors: readonly TaskError[]): string[] {
  return errors.map(
    ({ path: at, message, line }) =>
      `${file}${line === undefined ? '' : `:${String(line)}`}: ${at === '' ? '' : `${at}: `}${message}`,
  );
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new Failure(`${file}: no such file`);
    if (codeOf(error) === 'EISDIR') throw new Failure(`${file}: a directory, expected a task file`);
    throw error;
  }
}

/** The line of a path like `source.urls[3].url`, or of the nearest part of it that stands in the text. JSON is YAML here. */
export function lineIn(text: string, errorPath: string): { line?: number } {
  const lines = new LineCounter();
  let node: unknown = parseYaml(text, { lineCounter: lines, logLevel: 'silent' }).contents;
  let offset: number | undefined;
  for (const step of stepsOf(errorPath)) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === step);
      if (pair === undefined) break;
      offset = (pair.key as Node | null)?.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (item === undefined) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return offset === undefined ? {} : { line: lines.linePos(offset).line };
}

/** `a.b[3]["x y"]` → a, b, 3, x y. */
function stepsOf(errorPath: string): string[] {
  return [...errorPath.matchAll(/\[("(?:[^"\\]|\\.)*"|\d+)\]|([^.[\]]+)/g)].map(([, bracket, name]) => {
    if (bracket === undefined) return name ?? '';
    return bracket.startsWith('"') ? (JSON.parse(bracket) as string) : bracket;
  });
}
