/** The `Mails` port on SES: from the one address that the stage may send from. SES knows no idempotency: sent again, a mail comes again. */
import { SendEmailCommand, type SESv2Client } from '@aws-sdk/client-sesv2';
import type { Mail } from '#core/alerts/mail.ts';
import type { Mails } from '#core/ports.ts';
import { call } from './call.ts';

/** Answers that no later attempt changes. */
const FINAL = new Set([
  'MessageRejected',
  'BadRequestException',
  'MailFromDomainNotVerifiedException',
  'NotFoundException',
]);

export class SesMails implements Mails {
  readonly #client: SESv2Client;
  readonly #from: string;

  constructor(client: SESv2Client, from: string) {
    this.#client = client;
    this.#from = from;
  }

  async send({ to, subject, text }: Mail): Promise<{ refused: string } | undefined> {
    const utf8 = (data: string) => ({ Data: data, Charset: 'UTF-8' });
    const command = new SendEmailCommand({
      FromEmailAddress: this.#from,
      Destination: { ToAddresses: [to] },
      Content: { Simple: { Subject: utf8(subject), Body: { Text: utf8(text) } } },
    });
    return call('SES SendEmail', async () => {
      try {
        await this.#client.send(command);
        return undefined;
      } catch (error) {
        if (error instanceof Error && FINAL.has(error.name)) return { refused: `${error.name}: ${error.message}` };
        throw error;
      }
    });
  }
}
