import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { apiKey, call, Refused } from '../api.ts';
import { useSpeech } from '../i18n/language.tsx';

/** Asks for the key and tries it before it is kept. */
export function SignIn({ onDone }: { onDone: () => void }) {
  const { t } = useSpeech();
  const [key, setKey] = useState('');
  const [wrong, setWrong] = useState('');
  const [busy, setBusy] = useState(false);
  const go = async (): Promise<void> => {
    setBusy(true);
    setWrong('');
    apiKey.set(key.trim());
    try {
      await call('tasks', { query: { limit: 1 } });
      onDone();
    } catch (error) {
      // A key that may not read tasks is a key all the same.
      if (error instanceof Refused && error.status === 403) return onDone();
      apiKey.clear();
      setWrong(error instanceof Refused && error.status === 401 ? t('signIn.wrong') : String((error as Error).message));
    }
    setBusy(false);
  };
  return (
    <main className="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        <Container header={<Header variant="h1">{t('signIn.title')}</Header>}>
          <SpaceBetween size="l">
            <FormField label={t('signIn.key')} description={t('signIn.hint')} errorText={wrong}>
              <Input type="password" value={key} autoFocus onChange={({ detail }) => setKey(detail.value)} />
            </FormField>
            <Button variant="primary" formAction="submit" loading={busy} disabled={key.trim() === ''}>
              {t('signIn.go')}
            </Button>
          </SpaceBetween>
        </Container>
      </form>
    </main>
  );
}
