/** The tenant's quotas, keys and defaults. */
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { stringify } from 'yaml';
import { apiKey, at, call } from '../api.ts';
import { instant } from '../format.ts';
import type { ApiKeyPage, Config, ConfigVersionPage, CreatedKey } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useLive } from '../live.ts';
import { ConfirmButton } from '../parts/confirm.tsx';
import { Empty, sayRefused, Shown } from '../parts/states.tsx';
import { Quotas } from './quotas.tsx';

/** A key names its tenant: `gln_{tenant}_{secret}`. */
const ownTenant = (): string => apiKey.get()?.split('_')[1] ?? '';

export function View() {
  const { t } = useSpeech();
  const tenant = ownTenant();
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={`${t('settings.tenant')}: ${tenant}`}>
        {t('settings.title')}
      </Header>
      <Quotas own={tenant} />
      <Keys tenant={tenant} />
      <Defaults />
    </SpaceBetween>
  );
}

const SCOPES = ['read', 'write', 'admin'].map((value) => ({ value, label: value }));

function Keys({ tenant }: { tenant: string }) {
  const { t, language } = useSpeech();
  const keys = useLive<ApiKeyPage>(`${at('tenants', tenant)}/keys`, undefined, { limit: 100 });
  const [scope, setScope] = useState('read');
  const [made, setMade] = useState<CreatedKey>();
  const create = async (): Promise<void> => {
    try {
      setMade(
        await call<CreatedKey>(`${at('tenants', tenant)}/keys`, {
          method: 'POST',
          body: { scopes: [scope], name: 'console' },
        }),
      );
      keys.refresh();
    } catch (error) {
      sayRefused(error);
    }
  };
  const revoke = async (id: string): Promise<undefined> => {
    await call(at('tenants', tenant, 'keys', id), { method: 'DELETE' });
    keys.refresh();
  };
  return (
    <SpaceBetween size="m">
      {made?.key !== undefined && (
        <Alert type="success" header={t('settings.keyShown')} dismissible onDismiss={() => setMade(undefined)}>
          <span className="wrap">{made.key}</span>{' '}
          <CopyToClipboard
            variant="icon"
            copyButtonAriaLabel={t('settings.newKey')}
            copyErrorText="–"
            copySuccessText="✓"
            textToCopy={made.key}
          />
        </Alert>
      )}
      <Shown live={keys}>
        {({ items }) => (
          <Table
            items={items}
            trackBy="id"
            wrapLines
            ariaLabels={{ tableLabel: t('settings.keys') }}
            empty={<Empty text={t('settings.keysEmpty')} />}
            header={
              <Header
                variant="h2"
                actions={
                  <SpaceBetween direction="horizontal" size="xs">
                    <FormField>
                      <Select
                        ariaLabel={t('settings.scope')}
                        options={SCOPES}
                        selectedOption={SCOPES.find(({ value }) => value === scope) ?? null}
                        onChange={({ detail }) => setScope(detail.selectedOption.value ?? 'read')}
                      />
                    </FormField>
                    <Button onClick={() => void create()}>{t('settings.newKey')}</Button>
                  </SpaceBetween>
                }
              >
                {t('settings.keys')}
              </Header>
            }
            columnDefinitions={[
              { id: 'id', header: t('common.id'), isRowHeader: true, cell: ({ id }) => id },
              { id: 'name', header: t('common.name'), cell: ({ name }) => name ?? '–' },
              { id: 'scopes', header: t('settings.scopes'), cell: ({ scopes }) => scopes.join(', ') },
              {
                id: 'state',
                minWidth: 120,
                header: t('common.state'),
                cell: ({ state }) => (
                  <StatusIndicator type={state === 'active' ? 'success' : 'stopped'}>{state}</StatusIndicator>
                ),
              },
              { id: 'created', header: t('common.created'), cell: ({ createdAt }) => instant(createdAt, language) },
              {
                id: 'actions',
                minWidth: 150,
                header: t('common.actions'),
                cell: ({ id, state }) =>
                  state === 'active' && (
                    <ConfirmButton
                      text={t('settings.revoke')}
                      ariaLabel={`${t('settings.revoke')} ${id}`}
                      title={`${t('settings.revoke')} ${id}`}
                      act={() => revoke(id)}
                    >
                      {t('settings.revokeText')}
                    </ConfirmButton>
                  ),
              },
            ]}
          />
        )}
      </Shown>
    </SpaceBetween>
  );
}

function Defaults() {
  const { t, language } = useSpeech();
  const config = useLive<Config>('config');
  const versions = useLive<ConfigVersionPage>('config/versions', undefined, { limit: 50 });
  const roll = async (version: number): Promise<string> => {
    const made = await call<Config>('config/rollback', { method: 'POST', body: { version } });
    config.refresh();
    versions.refresh();
    return t('editor.saved', { version: made.version });
  };
  return (
    <SpaceBetween size="m">
      <Container header={<Header variant="h2">{t('settings.config')}</Header>}>
        <Shown live={config}>
          {(value) =>
            value.version === 0 ? (
              <Box color="text-body-secondary">{t('settings.configEmpty')}</Box>
            ) : (
              <pre className="code" tabIndex={0}>
                {stringify(value.config)}
              </pre>
            )
          }
        </Shown>
      </Container>
      <Shown live={versions}>
        {({ items }) => (
          <Table
            items={items}
            wrapLines
            ariaLabels={{ tableLabel: t('tasks.versions') }}
            header={<Header variant="h2">{t('tasks.versions')}</Header>}
            empty={<Empty text={t('settings.configEmpty')} />}
            columnDefinitions={[
              { id: 'version', header: t('common.version'), isRowHeader: true, cell: ({ version }) => version },
              { id: 'created', header: t('common.created'), cell: ({ createdAt }) => instant(createdAt, language) },
              { id: 'by', header: t('settings.by'), cell: ({ createdBy }) => createdBy },
              {
                id: 'changes',
                minWidth: 180,
                header: t('settings.changes'),
                cell: ({ changes }) =>
                  changes.map(({ path, from, to }) => (
                    <div key={path} className="wrap">
                      {path}: {JSON.stringify(from) ?? '–'} → {JSON.stringify(to) ?? '–'}
                    </div>
                  )),
              },
              {
                id: 'actions',
                minWidth: 150,
                header: t('common.actions'),
                cell: ({ version }) =>
                  version !== config.value?.version && (
                    <ConfirmButton
                      text={t('common.rollback')}
                      ariaLabel={`${t('common.rollback')} ${String(version)}`}
                      title={t('tasks.rollbackTitle', { version })}
                      act={() => roll(version)}
                    >
                      {t('tasks.rollbackText')}
                    </ConfirmButton>
                  ),
              },
            ]}
          />
        )}
      </Shown>
    </SpaceBetween>
  );
}
