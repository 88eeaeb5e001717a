/** What bounds a tenant: shown to its admins, changed by operators, who see all tenants here. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Modal from '@cloudscape-design/components/modal';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { at, call } from '../api.ts';
import { count } from '../format.ts';
import type { Tenant, TenantPage } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useLive } from '../live.ts';
import { say, Shown } from '../parts/states.tsx';

const HOST_RATE = 'hostRequestsPerSecond';
/** Every bound by its name, as the API has it; null = none. */
const boundsOf = (tenant: Tenant): Record<string, number | null> => ({
  ...tenant.quotas,
  [HOST_RATE]: tenant.hostRequestsPerSecond ?? null,
});

export function Quotas({ own }: { own: string }) {
  const { t, language } = useSpeech();
  const [tenant, setTenant] = useState(own);
  const [edited, setEdited] = useState<Tenant>();
  const tenants = useLive<TenantPage>('tenants', undefined, { limit: 100 });
  const live = useLive<Tenant>(at('tenants', tenant));
  const options = (tenants.value?.items ?? []).map(({ id }) => ({ value: id, label: id }));
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              {options.length > 1 && (
                <FormField>
                  <Select
                    ariaLabel={t('settings.tenant')}
                    options={options}
                    selectedOption={options.find(({ value }) => value === tenant) ?? null}
                    onChange={({ detail }) => setTenant(detail.selectedOption.value ?? own)}
                  />
                </FormField>
              )}
              <Button disabled={live.value === undefined} onClick={() => setEdited(live.value)}>
                {t('settings.editQuotas')}
              </Button>
            </SpaceBetween>
          }
        >
          {t('settings.quotas')}
        </Header>
      }
    >
      <Shown live={live}>
        {(value) => (
          <KeyValuePairs
            columns={3}
            items={Object.entries(boundsOf(value)).map(([name, bound]) => ({
              label: name,
              value: bound === null ? t('settings.noBound') : count(bound, language),
            }))}
          />
        )}
      </Shown>
      {edited && (
        <Edit
          tenant={edited}
          close={() => {
            setEdited(undefined);
            live.refresh();
          }}
        />
      )}
    </Container>
  );
}

/** A PUT replaces all settings: what is not edited here goes along as it was read. */
function Edit({ tenant, close }: { tenant: Tenant; close: () => void }) {
  const { t } = useSpeech();
  const [texts, setTexts] = useState(() =>
    Object.fromEntries(Object.entries(boundsOf(tenant)).map(([name, bound]) => [name, bound?.toString() ?? ''])),
  );
  const [wrong, setWrong] = useState('');
  const [busy, setBusy] = useState(false);
  const go = async (): Promise<void> => {
    // What is no number is sent as it is: the API says what it expected.
    const valueOf = (text: string): number | string | null => {
      const trimmed = text.trim();
      if (trimmed === '') return null;
      return Number.isNaN(Number(trimmed)) ? trimmed : Number(trimmed);
    };
    const bounds = Object.entries(texts).map(([name, text]) => [name, valueOf(text)] as const);
    const rate = bounds.find(([name]) => name === HOST_RATE)?.[1] ?? null;
    const { name, permissions, allowAddresses, weight } = tenant;
    const quotas = Object.fromEntries(bounds.filter(([name]) => name !== HOST_RATE));
    const kept = { ...(name !== undefined && { name }), permissions, allowAddresses, weight };
    setBusy(true);
    try {
      const body = { ...kept, quotas, ...(rate !== null && { [HOST_RATE]: rate }) };
      await call<Tenant>(at('tenants', tenant.id), { method: 'PUT', body });
      say('success', t('settings.quotasSaved', { tenant: tenant.id }));
      close();
    } catch (error) {
      setWrong((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      header={t('settings.quotasTitle', { tenant: tenant.id })}
      closeAriaLabel={t('common.close')}
      onDismiss={close}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={close}>
              {t('common.cancel')}
            </Button>
            <Button variant="primary" loading={busy} onClick={() => void go()}>
              {t('settings.saveQuotas')}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <FormField stretch description={t('settings.quotasText')} errorText={wrong}>
        <SpaceBetween size="s">
          {Object.entries(texts).map(([name, text]) => (
            <FormField key={name} label={name}>
              <Input
                value={text}
                placeholder={t('settings.noBound')}
                inputMode="decimal"
                onChange={({ detail }) => setTexts({ ...texts, [name]: detail.value })}
              />
            </FormField>
          ))}
        </SpaceBetween>
      </FormField>
    </Modal>
  );
}
