/** The checkpoint viewer, the comparison and the preflight: one bundle, three pages. */
import './checkpoint.css';
import type { JSX } from 'preact';

import { boot } from '../shared/host';
import { mount } from '../shared/page';
import { Compare } from './compare';
import { Preflight } from './preflight';
import { Viewer } from './viewer';

const pages: Record<string, () => JSX.Element> = { checkpoint: () => <Viewer />, compare: () => <Compare />, preflight: () => <Preflight /> };
mount(pages[boot.page]!());
