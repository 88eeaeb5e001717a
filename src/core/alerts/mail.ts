/** An alert as a mail: plain text, for people. Nothing of a task is in it but its id and the numbers of its rule. */
import type { CloudEvent } from './notice.ts';
import type { Json } from '../json.ts';

export interface Mail {
  to: string;
  subject: string;
  text: string;
}

export function mailOf(to: string, { id, type, time, data }: CloudEvent): Mail {
  const [what, done] = type === 'gleaner.alert.raised' ? ['ALERT', 'raised'] : ['RESOLVED', 'resolved'];
  const lines = [
    `Alert ${line(data.alertId)} was ${done} at ${time}.`,
    '',
    `Task:  ${line(data.taskId)}`,
    `Rule:  ${line(data.rule)}`,
    `Found: ${line(data.value)} (limit ${line(data.limit)})`,
    ...(data.detail === undefined ? [] : [`Why:   ${line(data.detail)}`]),
    ...(data.runId === undefined ? [] : [`Run:   ${line(data.runId)}`]),
    ...(data.resolvedBy === undefined ? [] : [`Resolved by run: ${line(data.resolvedBy)}`]),
    '',
    `GET /v1/alerts shows it${data.runId === undefined ? '' : `, GET /v1/runs/${line(data.runId)}/diagnosis says why`}.`,
    `Message ${id}; the same message may come twice.`,
  ];
  return {
    to,
    subject: `[gleaner] ${what}: ${line(data.rule)} of task ${line(data.taskId)}`,
    text: `${lines.join('\n')}\n`,
  };
}

/** On one line, whatever it holds: a header must not end where somebody else says. */
const line = (value: Json | undefined): string =>
  (typeof value === 'string' ? value : JSON.stringify(value ?? null))
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, 500);
