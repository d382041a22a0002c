/** What the page is about; `version` goes up when a file or model of it changes. */
import { useEffect, useState } from 'preact/hooks';

import { GetSubject, SubjectChanged, type Subject } from '../../extension/protocol/checkpointPanel';
import { host, writeState } from '../shared/host';
import { useAnswer } from '../shared/state';

export function useSubject(): { subject: Subject | undefined; error: string | undefined; version: number; again: () => void } {
  const [version, setVersion] = useState(0);
  const again = (): void => setVersion((v) => v + 1);
  useEffect(() => host.on(SubjectChanged, again), []);
  // Kept where the editor finds it when it brings the page back after a reload.
  const { value, error } = useAnswer(() => host.request(GetSubject, null).then((s) => { writeState('subject', s); return s; }), []);
  return { subject: value, error, version, again };
}
