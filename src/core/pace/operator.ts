/** The operator's word on a host: a cap, or a stop. It stands in the record and is obeyed by whoever reserves next. */
import { paceKey } from '../names.ts';
import { readRecord, type HostRecord } from './record.ts';
import type { Table } from '../ports.ts';

export interface OperatorWord {
  /** Cap in requests per second; absent = none. */
  requestsPerSecond?: number;
  /** Nothing may leave. */
  stop?: boolean;
}

/** Replaces what was said before. */
export async function setOperatorWord(table: Table, host: string, word: OperatorWord): Promise<HostRecord> {
  const set = {
    ...(word.requestsPerSecond !== undefined && { opMax: word.requestsPerSecond }),
    ...(word.stop === true && { opStop: true }),
  };
  const remove = [
    ...(word.requestsPerSecond === undefined ? ['opMax'] : []),
    ...(word.stop === true ? [] : ['opStop']),
  ];
  return readRecord((await table.update(paceKey(host), { set, remove })).item);
}

export async function readHost(table: Table, host: string): Promise<HostRecord | undefined> {
  const item = await table.get(paceKey(host));
  return item === undefined ? undefined : readRecord(item);
}
