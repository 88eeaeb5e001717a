/**
 * Executions on disk: one row each, rewritten at every transition, so that a process that is killed finds each execution
 * where it stood. History is kept beside it.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Json, JsonObject } from '#core/json.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
export type TokenAnswer = { ok: true; output: Json } | { ok: false; error: string; cause: string };
/** Where in its state an execution stands; times are UTC milliseconds. */
export type Phase =
  | { at: 'enter' }
  | { at: 'retry'; untilMs: number }
  | { at: 'wait'; untilMs: number }
  | {
      at: 'token';
      token: string;
      /** The function was called and returned: after a restart it is not called again. */
      invoked: boolean;
      deadlineMs: number | null;
      heartbeatMs: number | null;
      heartbeatDeadlineMs: number | null;
      answer: TokenAnswer | null;
    };
export interface Frame {
  state: string;
  input: Json;
  variables: JsonObject;
  enteredMs: number;
  /** Attempts used by each retrier of the state. */
  retries: number[];
  phase: Phase;
}
export interface Execution {
  arn: string;
  name: string;
  machineArn: string;
  input: Json;
  /** The caller's own text: a repeated start is compared with it. */
  inputText: string;
  startMs: number;
  status: ExecutionStatus;
  stopMs: number | null;
  output: string | null;
  error: string | null;
  cause: string | null;
  frame: Frame;
  /** Events so far. */
  events: number;
}
export interface HistoryEvent {
  id: number;
  timeMs: number;
  type: string;
  detail: JsonObject;
}

/** Names are unique for as long as executions are remembered, 90 days as in AWS. */
const KEEP_MS = 90 * 86_400_000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS executions (
  arn TEXT PRIMARY KEY, machine TEXT NOT NULL, status TEXT NOT NULL, start_ms INTEGER NOT NULL, stop_ms INTEGER, body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS executions_by_status ON executions (status, machine, start_ms);
CREATE TABLE IF NOT EXISTS history (
  arn TEXT NOT NULL, id INTEGER NOT NULL, time_ms INTEGER NOT NULL, type TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (arn, id)
) STRICT;`;

export class Journal {
  readonly #database: DatabaseSync;

  /** Forgets executions that ended more than 90 days before `nowMs`. */
  constructor(file: string, nowMs: number) {
    mkdirSync(dirname(file), { recursive: true });
    this.#database = new DatabaseSync(file);
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${SCHEMA}`);
    this.#database
      .prepare('DELETE FROM history WHERE arn IN (SELECT arn FROM executions WHERE stop_ms < ?)')
      .run(nowMs - KEEP_MS);
    this.#database.prepare('DELETE FROM executions WHERE stop_ms < ?').run(nowMs - KEEP_MS);
  }

  save(execution: Execution): void {
    this.#database
      .prepare(
        'INSERT OR REPLACE INTO executions (arn, machine, status, start_ms, stop_ms, body) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(
        execution.arn,
        execution.machineArn,
        execution.status,
        execution.startMs,
        execution.stopMs,
        JSON.stringify(execution),
      );
  }

  read(arn: string): Execution | undefined {
    const row = this.#database.prepare('SELECT body FROM executions WHERE arn = ?').get(arn);
    return row === undefined ? undefined : (JSON.parse(String(row['body'])) as Execution);
  }

  running(): Execution[] {
    const rows = this.#database.prepare("SELECT body FROM executions WHERE status = 'RUNNING' ORDER BY start_ms").all();
    return rows.map((row) => JSON.parse(String(row['body'])) as Execution);
  }

  /** Newest first. */
  list(machineArn: string, status: string | undefined, limit: number): Execution[] {
    const rows = this.#database
      .prepare(
        'SELECT body FROM executions WHERE machine = ? AND status = coalesce(?, status) ORDER BY start_ms DESC, arn LIMIT ?',
      )
      .all(machineArn, status ?? null, limit);
    return rows.map((row) => JSON.parse(String(row['body'])) as Execution);
  }

  addEvent(arn: string, event: HistoryEvent): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO history (arn, id, time_ms, type, detail) VALUES (?, ?, ?, ?, ?)')
      .run(arn, event.id, event.timeMs, event.type, JSON.stringify(event.detail));
  }

  history(arn: string, reverse: boolean, limit: number): HistoryEvent[] {
    const rows = this.#database
      .prepare(`SELECT * FROM history WHERE arn = ? ORDER BY id ${reverse ? 'DESC' : 'ASC'} LIMIT ?`)
      .all(arn, limit);
    return rows.map((row) => ({
      id: Number(row['id']),
      timeMs: Number(row['time_ms']),
      type: String(row['type']),
      detail: JSON.parse(String(row['detail'])) as JsonObject,
    }));
  }

  close(): void {
    this.#database.close();
  }
}
