/** What a view shows while it has nothing to show, and what it says when something was done. */
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Flashbar from '@cloudscape-design/components/flashbar';
import Spinner from '@cloudscape-design/components/spinner';
import type { ReactNode } from 'react';
import { useSyncExternalStore } from 'react';
import type { Refused } from '../api.ts';
import { useSpeech } from '../i18n/language.tsx';
import type { Live } from '../live.ts';

export function Loading() {
  const { t } = useSpeech();
  return (
    <Box padding="l" textAlign="center">
      <Spinner /> {t('app.loading')}
    </Box>
  );
}

export function Problem({ error, retry }: { error: Refused; retry?: () => void }) {
  const { t } = useSpeech();
  if (error.status === 403)
    return (
      <Alert type="info" header={t('state.noPermission')}>
        {t('state.noPermissionDetail', { detail: error.message })}
      </Alert>
    );
  return (
    <Alert
      type={error.status === 404 ? 'info' : 'error'}
      header={t(error.status === 404 ? 'state.notFound' : 'state.error')}
      action={retry && <Button onClick={retry}>{t('state.retry')}</Button>}
    >
      <span className="wrap">{error.message}</span>
    </Alert>
  );
}

/** The states of one piece of data, and what to do with it once it is there. */
export function Shown<T>({ live, children }: { live: Live<T>; children: (value: T) => ReactNode }) {
  const { t } = useSpeech();
  if (live.value === undefined)
    return live.error === undefined ? <Loading /> : <Problem error={live.error} retry={live.refresh} />;
  return (
    <>
      {live.error !== undefined && (
        <Box margin={{ bottom: 's' }}>
          <Alert type="warning">
            {t('state.stale')}: {live.error.message}
          </Alert>
        </Box>
      )}
      {children(live.value)}
    </>
  );
}

export const Empty = ({ text, action }: { text: string; action?: ReactNode }) => (
  <Box textAlign="center" color="text-body-secondary" padding={{ vertical: 'm' }}>
    <Box padding={{ bottom: 's' }}>{text}</Box>
    {action}
  </Box>
);

interface Message {
  id: string;
  type: 'success' | 'error' | 'info';
  text: string;
}
let messages: readonly Message[] = [];
let told: () => void = () => undefined;
const change = (next: readonly Message[]): void => {
  messages = next;
  told();
};
/** Says what became of something the user did. */
export const say = (type: Message['type'], text: string): void =>
  change([{ id: crypto.randomUUID(), type, text }, ...messages].slice(0, 3));
export const sayRefused = (error: unknown): void =>
  say('error', error instanceof Error ? error.message : String(error));

export function Messages() {
  const { t } = useSpeech();
  const shown = useSyncExternalStore(
    (tell) => {
      told = tell;
      return () => undefined;
    },
    () => messages,
  );
  return (
    <Flashbar
      items={shown.map(({ id, type, text }) => ({
        id,
        type,
        content: text,
        dismissible: true,
        dismissLabel: t('common.close'),
        onDismiss: () => change(messages.filter((one) => one.id !== id)),
      }))}
    />
  );
}
