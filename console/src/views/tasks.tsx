import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { at, call } from '../api.ts';
import { instant } from '../format.ts';
import type { Run, Task, TaskPage } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useLive } from '../live.ts';
import { Empty, sayRefused, Shown } from '../parts/states.tsx';
import { go, linkTo } from '../router.ts';

export const scheduleText = ({ task: { schedule } }: Task): string => {
  if (schedule === undefined) return '–';
  const { cron, every, timezone } = schedule as { cron?: string; every?: string; timezone?: string };
  return `${cron ?? every ?? ''}${timezone === undefined ? '' : ` (${timezone})`}`;
};

export async function runNow(taskId: string): Promise<void> {
  try {
    const run = await call<Run>(`${at('tasks', taskId)}/runs`, { method: 'POST' });
    go(linkTo('run', run.id));
  } catch (error) {
    sayRefused(error);
  }
}

export function View() {
  const { t, language } = useSpeech();
  const [limit, setLimit] = useState(100);
  const tasks = useLive<TaskPage>('tasks', 15_000, { limit });
  const create = (
    <Button variant="primary" href={linkTo('edit')}>
      {t('tasks.create')}
    </Button>
  );
  return (
    <Shown live={tasks}>
      {({ items, nextCursor }) => (
        <Table
          items={items}
          trackBy="id"
          wrapLines
          ariaLabels={{ tableLabel: t('tasks.title') }}
          header={
            <Header variant="h1" counter={`(${String(items.length)})`} actions={create}>
              {t('tasks.title')}
            </Header>
          }
          empty={<Empty text={t('tasks.empty')} action={<Button href={linkTo('edit')}>{t('tasks.create')}</Button>} />}
          footer={
            nextCursor !== undefined &&
            limit < 1000 && <Button onClick={() => setLimit(Math.min(1000, limit * 2))}>{t('common.more')}</Button>
          }
          columnDefinitions={[
            {
              id: 'id',
              minWidth: 120,
              header: t('common.name'),
              isRowHeader: true,
              cell: ({ id }) => <Link href={linkTo('task', id)}>{id}</Link>,
            },
            { id: 'version', header: t('common.version'), cell: ({ version }) => version },
            { id: 'schedule', minWidth: 120, header: t('tasks.schedule'), cell: scheduleText },
            {
              id: 'next',
              minWidth: 130,
              header: t('tasks.nextRun'),
              cell: ({ schedule }) => instant(schedule?.nextRuns[0], language),
            },
            {
              id: 'updated',
              minWidth: 130,
              header: t('tasks.updated'),
              cell: ({ updatedAt }) => instant(updatedAt, language),
            },
            {
              id: 'actions',
              header: t('common.actions'),
              minWidth: 190,
              cell: ({ id }) => (
                <SpaceBetween direction="horizontal" size="xs">
                  <Button variant="inline-link" ariaLabel={`${t('tasks.run')} ${id}`} onClick={() => void runNow(id)}>
                    {t('tasks.run')}
                  </Button>
                  <Button variant="inline-link" ariaLabel={`${t('tasks.edit')} ${id}`} href={linkTo('edit', id)}>
                    {t('tasks.edit')}
                  </Button>
                </SpaceBetween>
              ),
            },
          ]}
        />
      )}
    </Shown>
  );
}
