/** The name of one side of a page; pressing it shows the file or the model. */
import type { JSX } from 'preact';

import type { Side } from '../../extension/protocol/checkpoint';
import { ShowSide } from '../../extension/protocol/checkpointPanel';
import { host } from '../shared/host';
import { t } from '../shared/l10n';
import { Link } from '../shared/toolkit';

export function SideName({ letter, side, name }: { letter: string; side: Side; name: string }): JSX.Element {
  return <span class="row-line side-name"><strong>{letter}</strong><Link title={'file' in side ? side.file : t('Show in the Models view')} onClick={() => void host.request(ShowSide, { side }).catch(() => undefined)}>{name}</Link></span>;
}
