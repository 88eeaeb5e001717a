/** The port on SES: what is sent, and what its failures mean. */
import { SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, expect, test } from 'vitest';
import { mailClient } from '#lambdas/aws/clients/mail.ts';
import { SesMails } from '#lambdas/aws/mail.ts';

const ses = mockClient(SESv2Client);
afterEach(() => ses.reset());
const mails = new SesMails(mailClient({ region: 'eu-central-1' }), 'alerts@example.org');
const mail = { to: 'team@shop.example', subject: 'Äpfel', text: 'x\n' };
const failing = (name: string, status: number): Error =>
  Object.assign(new Error('no'), { name, $metadata: { httpStatusCode: status, attempts: 4 } });

test('one mail, in plain text, from the stage to one address', async () => {
  ses.on(SendEmailCommand).resolves({ MessageId: '1' });
  expect(await mails.send(mail)).toBeUndefined();
  expect(ses.calls().map(({ args: [command] }) => command.input)).toEqual([
    {
      FromEmailAddress: 'alerts@example.org',
      Destination: { ToAddresses: ['team@shop.example'] },
      Content: {
        Simple: {
          Subject: { Data: 'Äpfel', Charset: 'UTF-8' },
          Body: { Text: { Data: 'x\n', Charset: 'UTF-8' } },
        },
      },
    },
  ]);
});

test.each([
  ['MessageRejected', 400],
  ['MailFromDomainNotVerifiedException', 400],
  ['BadRequestException', 400],
])('%s is for good', async (name, status) => {
  ses.on(SendEmailCommand).rejects(failing(name, status));
  expect(await mails.send(mail)).toEqual({ refused: `${name}: no` });
});

test.each([
  ['TooManyRequestsException', 429],
  ['SendingPausedException', 400],
  ['AccountSuspendedException', 400],
  ['LimitExceededException', 400],
  ['InternalServerError', 500],
  ['TimeoutError', 0],
])('%s may pass', async (name, status) => {
  ses.on(SendEmailCommand).rejects(failing(name, status));
  await expect(mails.send(mail)).rejects.toThrow(`SES SendEmail: ${name}: no`);
  await expect(mails.send(mail)).rejects.not.toThrow('team@');
});
