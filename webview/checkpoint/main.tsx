/** The checkpoint viewer and the compare page: one bundle, two pages. */
import './checkpoint.css';
import type { JSX } from 'preact';

import { boot } from '../shared/host';
import { mount } from '../shared/page';
import { Compare } from './compare';
import { Viewer } from './viewer';

const pages: Record<string, () => JSX.Element> = { checkpoint: () => <Viewer />, compare: () => <Compare /> };
mount(pages[boot.page]!());
