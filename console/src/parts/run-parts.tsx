/** A run in small: its state, its progress, a table of runs. */
import Link from '@cloudscape-design/components/link';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import type { ReactNode } from 'react';
import { count, instant, isEnded, percentDone, rate, toneOf, usd } from '../format.ts';
import type { Run } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { linkTo } from '../router.ts';

export const RunState = ({ run }: { run: Run }) => (
  <StatusIndicator type={toneOf(run.state)}>
    {run.state}
    {run.stopReason === undefined ? '' : ` (${run.stopReason})`}
  </StatusIndicator>
);

export function RunTable({
  runs,
  header,
  empty,
  footer,
}: {
  runs: readonly Run[];
  header: ReactNode;
  empty: ReactNode;
  footer?: ReactNode;
}) {
  const { t, language } = useSpeech();
  return (
    <Table
      items={runs}
      trackBy="id"
      header={header}
      empty={empty}
      footer={footer}
      wrapLines
      ariaLabels={{ tableLabel: t('runs.title') }}
      columnDefinitions={[
        {
          id: 'task',
          minWidth: 120,
          header: t('runs.task'),
          isRowHeader: true,
          cell: (run) => <Link href={linkTo('run', run.id)}>{run.taskId}</Link>,
        },
        { id: 'state', minWidth: 165, header: t('common.state'), cell: (run) => <RunState run={run} /> },
        {
          id: 'progress',
          header: t('runs.progress'),
          minWidth: 150,
          cell: (run) => <ProgressBar value={percentDone(run)} ariaLabel={t('runs.progress')} />,
        },
        {
          id: 'rate',
          header: t('runs.rate'),
          cell: (run) =>
            isEnded(run.state) ? '–' : t('common.perSecond', { rate: rate(run.rate.targetsPerSecond, language) }),
        },
        { id: 'records', header: t('runs.records'), cell: (run) => count(run.progress.records, language) },
        { id: 'failed', header: t('runs.failed'), cell: (run) => count(run.progress.failed, language) },
        {
          id: 'cost',
          header: t('runs.cost'),
          cell: (run) => (run.costUsd === undefined ? '–' : usd(run.costUsd, language)),
        },
        { id: 'created', minWidth: 130, header: t('common.created'), cell: (run) => instant(run.createdAt, language) },
      ]}
    />
  );
}
