import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import type { Run, RunPage } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useLive } from '../live.ts';
import { RunTable } from '../parts/run-parts.tsx';
import { Empty, Shown } from '../parts/states.tsx';
import { linkTo, usePlace } from '../router.ts';

const STATES: Run['state'][] = ['QUEUED', 'PLANNING', 'RUNNING', 'PAUSED', 'FINALIZING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'STOPPED', 'TIMED_OUT']; // prettier-ignore
const PAGE = 50;
const PAGE_MAX = 1000;

export function View() {
  const { t } = useSpeech();
  const [state, setState] = useState('');
  const [limit, setLimit] = useState(PAGE);
  const taskId = usePlace().query.get('task') ?? undefined;
  const runs = useLive<RunPage>('runs', 3_000, { state, taskId, limit });
  const options = [{ value: '', label: t('runs.allStates') }, ...STATES.map((value) => ({ value, label: value }))];
  const header = (
    <Header
      variant="h1"
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Select
            ariaLabel={t('common.state')}
            selectedOption={options.find(({ value }) => value === state) ?? null}
            options={options}
            onChange={({ detail }) => setState(detail.selectedOption.value ?? '')}
          />
          <Button iconName="refresh" ariaLabel={t('common.refresh')} onClick={runs.refresh} />
        </SpaceBetween>
      }
    >
      {t('runs.title')}
      {taskId === undefined ? '' : `: ${taskId}`}
    </Header>
  );
  return (
    <Shown live={runs}>
      {(page) => (
        <RunTable
          runs={page.items}
          header={header}
          empty={<Empty text={t('runs.empty')} action={<Button href={linkTo('tasks')}>{t('tasks.title')}</Button>} />}
          footer={
            page.nextCursor !== undefined &&
            limit < PAGE_MAX && (
              <Button onClick={() => setLimit(Math.min(PAGE_MAX, limit * 2))}>{t('common.more')}</Button>
            )
          }
        />
      )}
    </Shown>
  );
}
