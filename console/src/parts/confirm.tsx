/** A button that asks before it acts, and says what became of it. */
import Box from '@cloudscape-design/components/box';
import Button, { type ButtonProps } from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState, type ReactNode } from 'react';
import { useSpeech } from '../i18n/language.tsx';
import { say, sayRefused } from './states.tsx';

interface Props {
  text: string;
  title: string;
  children: ReactNode;
  /** What happens; the returned sentence is shown. */
  act: () => Promise<string | undefined>;
  disabled?: boolean;
  variant?: ButtonProps.Variant;
  ariaLabel?: string;
}

export function ConfirmButton({ text, title, children, act, disabled = false, variant, ariaLabel }: Props) {
  const { t } = useSpeech();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const go = async (): Promise<void> => {
    setBusy(true);
    try {
      const said = await act();
      if (said !== undefined) say('success', said);
    } catch (error) {
      sayRefused(error);
    }
    setBusy(false);
    setOpen(false);
  };
  return (
    <>
      <Button
        disabled={disabled}
        onClick={() => setOpen(true)}
        {...(variant && { variant })}
        {...(ariaLabel !== undefined && { ariaLabel })}
      >
        {text}
      </Button>
      {open && (
        <Modal
          visible
          header={title}
          closeAriaLabel={t('common.close')}
          onDismiss={() => setOpen(false)}
          footer={
            <Box float="right">
              <SpaceBetween direction="horizontal" size="xs">
                <Button variant="link" onClick={() => setOpen(false)}>
                  {t('common.cancel')}
                </Button>
                <Button variant="primary" loading={busy} onClick={() => void go()}>
                  {t('common.confirm')}
                </Button>
              </SpaceBetween>
            </Box>
          }
        >
          {children}
        </Modal>
      )}
    </>
  );
}
