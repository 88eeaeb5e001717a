/** SES, as far as SendEmail with plain text goes: each mail becomes a file that any mail program opens, and goes nowhere. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '#core/json.ts';
import { accessKeyOf, type Gate } from './iam-gate.ts';
import { readBody, sendJson, type RequestHandler } from './loopback.ts';
import { Properties } from './properties.ts';

/** More than a mail of plain text ever is. */
const REQUEST_BYTES_MAX = 1024 * 1024;
const PATH = '/v2/email/outbound-emails';

/** @param dir for the mails, one `.eml` each; their names are in the order in which they came. */
export function mailService(options: { dir: string; gate: Gate; log: (line: string) => void }): RequestHandler {
  return async (request, response) => {
    const fail = (status: number, type: string, message: string): void => {
      response.setHeader('x-amzn-errortype', type);
      sendJson(response, status, { message });
    };
    const body = await readBody(request, REQUEST_BYTES_MAX);
    if (body === 'aborted') return;
    if (request.method !== 'POST' || request.url !== PATH)
      return fail(
        501,
        'NotOffered',
        `SES ${String(request.method)} ${String(request.url)}: not offered by the local world`,
      );
    if (body === 'tooLarge') return fail(400, 'BadRequestException', 'request too large');
    const email = new Properties('SendEmail', JSON.parse(body.toString()) as Json);
    const from = email.text('FromEmailAddress');
    const refusal = options.gate(accessKeyOf(request.headers), {
      action: 'ses:SendEmail',
      // A domain that is verified stands for all addresses in it.
      resource: `identity/${from.slice(from.lastIndexOf('@') + 1)}`,
      context: { 'ses:fromaddress': [from] },
    });
    if (refusal !== undefined) return fail(403, 'AccessDeniedException', refusal.message);
    const simple = email.object('Content').object('Simple');
    const to = email.object('Destination').list('ToAddresses').map(String);
    const subject = simple.object('Subject').text('Data');
    const text = simple.object('Body').object('Text').text('Data');
    const name = `${new Date().toISOString().replace(/[:.]/g, '-')}-${randomUUID()}.eml`;
    mkdirSync(options.dir, { recursive: true });
    writeFileSync(join(options.dir, name), emlOf({ from, to, subject, text }));
    options.log(`mail: ${join(options.dir, name)}`);
    sendJson(response, 200, { MessageId: name });
  };
}

interface Sent {
  from: string;
  to: string[];
  subject: string;
  text: string;
}

const emlOf = ({ from, to, subject, text }: Sent): string =>
  [
    `From: ${from}`,
    `To: ${to.join(', ')}`,
    `Date: ${new Date().toUTCString()}`,
    `Subject: =?utf-8?B?${Buffer.from(subject).toString('base64')}?=`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n'),
    '',
  ].join('\r\n');

/** The oldest first. */
export function readMails(dir: string): Omit<Sent, 'from'>[] {
  let names: string[];
  try {
    names = readdirSync(dir).sort();
  } catch {
    return [];
  }
  return names.map((name) => {
    const [head = '', body = ''] = readFileSync(join(dir, name), 'utf8').split('\r\n\r\n');
    const header = (wanted: string): string => new RegExp(`^${wanted}: (.*)$`, 'm').exec(head)?.[1]?.trim() ?? '';
    const subject = /^=\?utf-8\?B\?(.*)\?=$/.exec(header('Subject'))?.[1] ?? '';
    return {
      to: header('To').split(', '),
      subject: Buffer.from(subject, 'base64').toString(),
      text: Buffer.from(body, 'base64').toString(),
    };
  });
}
