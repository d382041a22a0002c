/**
 * What the checkpoint pages (viewer, compare, preflight) ask of their host beside the engine's own checkpoint/* requests, which are
 * passed on when they are about the page's own files and models.
 */
import type { ModelId } from './model';
import type { Rename, Side, Slice } from './checkpoint';
import { notification, request } from './rpc';

/** What the page is about. */
export type Subject =
  | { kind: 'file'; file: string; /** Workspace-relative. */ name: string }
  | { kind: 'compare'; a: Side; b: Side; nameA: string; nameB: string; /** Where the files were copied from, when their file system is not local. */ fromA?: string | undefined; fromB?: string | undefined }
  | { kind: 'preflight'; file: string; model: ModelId; /** Of the module that is loaded into; '' is the whole model. */ path: string; nameFile: string; nameModel: string; /** Where the file was copied from, when its file system is not local. */ from?: string | undefined };
export type SubjectKind = Subject['kind'];

/** Rejected when the file cannot be reached, with the reason. */
export const GetSubject = request<null, Subject>('viewer/subject');
/** A file or model of the page changed: everything is asked again. */
export const SubjectChanged = notification<null>('viewer/changed');
/** Asks for the other side, then opens the comparison. */
export const CompareWith = request<null, null>('viewer/compareWith');
/** Asks for a live model, then loads what fits entirely; else a preflight page opens. */
export const LoadIntoModel = request<null, null>('viewer/loadInto');
/**
 * Loads what the preflight shows. Not `partial`: everything must fit, or nothing changes. The user is told by a message, with Undo, or why it failed.
 */
export const LoadNow = request<{ root: string; rename: Rename | null; partial: boolean }, null>('viewer/loadNow');
/** Opens the file of a side in the viewer, or shows the model in its tree. */
export const ShowSide = request<{ side: Side }, null>('viewer/show');
/** The same comparison with the sides changed over. */
export const SwapSides = request<null, null>('viewer/swap');
/** Asks where to save, then exports. Null when the user gave up. */
export const ExportAs = request<{ at: Side; name: string; format: 'npy' | 'csv'; slice?: Slice }, { file: string; bytes: number; note?: string } | null>('viewer/export');
/** Asks for a name whose ending decides the format (.pt, .safetensors, .npz), then writes these tensors, or all. */
export const ConvertAs = request<{ names?: string[] }, { files: string[]; notes: string[] } | null>('viewer/convert');
