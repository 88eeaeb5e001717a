import Button from '@cloudscape-design/components/button';
import Box from '@cloudscape-design/components/box';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import Toggle from '@cloudscape-design/components/toggle';
import { useState } from 'react';
import { at, call } from '../api.ts';
import { count, rate } from '../format.ts';
import type { Host, HostPage } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useLive } from '../live.ts';
import { Empty, sayRefused, Shown } from '../parts/states.tsx';

const capped = ({ operator, tenant }: Host): boolean => operator !== undefined || tenant !== undefined;

export function View() {
  const { t, language } = useSpeech();
  const hosts = useLive<HostPage>('hosts', 3_000, { limit: 200 });
  const [chosen, setChosen] = useState<string>();
  const clear = async (host: Host): Promise<void> => {
    try {
      if (host.operator) await call(at('hosts', host.host), { method: 'DELETE', query: { scope: 'everyone' } });
      if (host.tenant) await call(at('hosts', host.host), { method: 'DELETE', query: { scope: 'tenant' } });
    } catch (error) {
      sayRefused(error);
    }
    hosts.refresh();
  };
  return (
    <>
      <Shown live={hosts}>
        {({ items }) => (
          <Table
            items={items}
            trackBy="host"
            wrapLines
            ariaLabels={{ tableLabel: t('hosts.title') }}
            header={
              <Header variant="h1" counter={`(${String(items.length)})`}>
                {t('hosts.title')}
              </Header>
            }
            empty={<Empty text={t('hosts.empty')} />}
            columnDefinitions={[
              { id: 'host', header: t('hosts.host'), isRowHeader: true, cell: ({ host }) => host },
              {
                id: 'rate',
                header: t('hosts.rate'),
                cell: ({ requestsPerSecond }) =>
                  requestsPerSecond === 0 ? (
                    <StatusIndicator type="stopped">{t('hosts.stopped')}</StatusIndicator>
                  ) : (
                    t('common.perSecond', { rate: rate(requestsPerSecond, language) })
                  ),
              },
              {
                id: 'limit',
                header: t('hosts.limit'),
                cell: ({ limit, limitedBy }) =>
                  limit === undefined
                    ? '–'
                    : `${t('common.perSecond', { rate: rate(limit, language) })}${limitedBy === undefined ? '' : ` (${limitedBy})`}`,
              },
              {
                id: 'rejects',
                header: t('hosts.rejects'),
                cell: ({ window: { sent, limited } }) => `${count(limited, language)} / ${count(sent, language)}`,
              },
              {
                id: 'waiting',
                header: t('hosts.waiting'),
                cell: ({ waiting }) => (waiting === undefined ? '–' : count(waiting, language)),
              },
              { id: 'why', header: t('hosts.why'), minWidth: 180, cell: ({ because }) => because },
              {
                id: 'actions',
                header: t('common.actions'),
                minWidth: 160,
                cell: (host) => (
                  <SpaceBetween size="xxs">
                    <Button
                      variant="inline-link"
                      ariaLabel={`${t('hosts.cap')} ${host.host}`}
                      onClick={() => setChosen(host.host)}
                    >
                      {t('hosts.cap')}
                    </Button>
                    {capped(host) && (
                      <Button
                        variant="inline-link"
                        ariaLabel={`${t('hosts.clear')} ${host.host}`}
                        onClick={() => void clear(host)}
                      >
                        {t('hosts.clear')}
                      </Button>
                    )}
                  </SpaceBetween>
                ),
              },
            ]}
          />
        )}
      </Shown>
      {chosen !== undefined && (
        <Cap
          host={chosen}
          close={() => {
            setChosen(undefined);
            hosts.refresh();
          }}
        />
      )}
    </>
  );
}

function Cap({ host, close }: { host: string; close: () => void }) {
  const { t } = useSpeech();
  const [max, setMax] = useState('1');
  const [stop, setStop] = useState(false);
  const [wrong, setWrong] = useState('');
  const go = async (): Promise<void> => {
    try {
      await call(at('hosts', host), { method: 'PUT', body: stop ? { stop } : { requestsPerSecond: Number(max) } });
      close();
    } catch (error) {
      setWrong((error as Error).message);
    }
  };
  return (
    <Modal
      visible
      header={t('hosts.capTitle', { host })}
      closeAriaLabel={t('common.close')}
      onDismiss={close}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={close}>
              {t('common.cancel')}
            </Button>
            <Button variant="primary" onClick={() => void go()}>
              {stop ? t('hosts.stop') : t('hosts.capGo')}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {t('hosts.capText')}
        <FormField label={t('hosts.capRate')} errorText={wrong}>
          <Input value={max} disabled={stop} inputMode="decimal" onChange={({ detail }) => setMax(detail.value)} />
        </FormField>
        <Toggle checked={stop} onChange={({ detail }) => setStop(detail.checked)}>
          {t('hosts.stop')}
        </Toggle>
      </SpaceBetween>
    </Modal>
  );
}
