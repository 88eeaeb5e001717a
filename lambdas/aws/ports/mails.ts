import type { Context } from '#core/context.ts';
import { onFirstUse } from '../first-use.ts';

export const mails = ({ MAIL_FROM }: { MAIL_FROM: string }): Pick<Context, 'mails'> => ({
  mails:
    MAIL_FROM === ''
      ? undefined
      : onFirstUse(async () => {
          const [{ SesMails }, { mailClient }] = await Promise.all([
            import('../mail.ts'),
            import('../clients/mail.ts'),
          ]);
          return new SesMails(mailClient(), MAIL_FROM);
        }),
});
