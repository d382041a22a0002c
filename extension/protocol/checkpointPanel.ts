/** What the checkpoint viewer and the compare page ask of their host beside the engine's own checkpoint/* requests, which are passed on. */
import type { Side, Slice } from './checkpoint';
import { notification, request } from './rpc';

/** What the page is about. */
export type Subject = { kind: 'file'; file: string; name: string } | { kind: 'compare'; a: Side; b: Side; nameA: string; nameB: string };
export const GetSubject = request<null, Subject>('viewer/subject');
/** The file changed on disk: everything is asked again. */
export const FileChanged = notification<null>('viewer/changed');
export const CompareWith = request<null, null>('viewer/compareWith');
export const LoadIntoModel = request<null, null>('viewer/loadInto');
/** Asks where to save, then exports. Null when the user gave up. */
export const ExportAs = request<{ at: Side; name: string; format: 'npy' | 'csv'; slice?: Slice }, { file: string; bytes: number } | null>('viewer/export');
