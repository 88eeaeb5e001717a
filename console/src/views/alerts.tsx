import Header from '@cloudscape-design/components/header';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import Link from '@cloudscape-design/components/link';
import { useState } from 'react';
import { instant } from '../format.ts';
import type { AlertPage } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useLive } from '../live.ts';
import { Empty, Shown } from '../parts/states.tsx';
import { linkTo } from '../router.ts';

export function View() {
  const { t, language } = useSpeech();
  const [state, setState] = useState('');
  const alerts = useLive<AlertPage>('alerts', 3_000, { state, limit: 100 });
  const header = (
    <Header
      variant="h1"
      actions={
        <SegmentedControl
          label={t('common.state')}
          selectedId={state === '' ? 'all' : state}
          options={[
            { id: 'all', text: t('alerts.all') },
            { id: 'raised', text: t('alerts.raised') },
            { id: 'resolved', text: t('alerts.resolved') },
          ]}
          onChange={({ detail }) => setState(detail.selectedId === 'all' ? '' : detail.selectedId)}
        />
      }
    >
      {t('alerts.title')}
    </Header>
  );
  return (
    <Shown live={alerts}>
      {({ items }) => (
        <Table
          items={items}
          trackBy="id"
          wrapLines
          ariaLabels={{ tableLabel: t('alerts.title') }}
          header={header}
          empty={<Empty text={t('alerts.empty')} />}
          columnDefinitions={[
            {
              id: 'state',
              minWidth: 120,
              header: t('common.state'),
              cell: (alert) => (
                <StatusIndicator type={alert.state === 'raised' ? 'error' : 'success'}>
                  {t(`alerts.${alert.state}`)}
                </StatusIndicator>
              ),
            },
            {
              id: 'task',
              minWidth: 120,
              header: t('runs.task'),
              isRowHeader: true,
              cell: ({ taskId }) => <Link href={linkTo('task', taskId)}>{taskId}</Link>,
            },
            { id: 'rule', header: t('alerts.rule'), cell: ({ rule }) => rule },
            {
              id: 'value',
              header: t('alerts.value'),
              cell: ({ value, limit }) => `${String(value)} / ${String(limit)}`,
            },
            {
              id: 'detail',
              minWidth: 160,
              header: t('common.detail'),
              cell: ({ detail, runId }) =>
                runId === undefined ? detail : <Link href={linkTo('run', runId)}>{detail}</Link>,
            },
            {
              id: 'raised',
              minWidth: 130,
              header: t('alerts.raised'),
              cell: ({ raisedAt }) => instant(raisedAt, language),
            },
            {
              id: 'resolved',
              minWidth: 130,
              header: t('alerts.resolved'),
              cell: ({ resolvedAt }) => instant(resolvedAt, language),
            },
            {
              id: 'told',
              header: t('alerts.told'),
              cell: ({ deliveries }) => deliveries.map(({ to, state: told }) => `${to}: ${told}`).join(', ') || '–',
            },
          ]}
        />
      )}
    </Shown>
  );
}
