/**
 * Messages between the gradient inspector and its host (extension/panels/gradients.ts). The panel asks when it is ready to draw;
 * the host only says that there is something new. So a slow panel never falls behind and a hidden one asks nothing.
 */
import { notification, request, type ErrorInfo } from './rpc';
import type { GradientReport, ModelId, TensorHistograms, Num } from './model';

export interface PanelModel { id: ModelId; name: string; /** Workspace-relative file. */ file: string; /** Class name. */ type: string }

/** A moment kept for comparison: every parameter's numbers and histograms. */
export interface Pinned { report: GradientReport & { histograms: Record<string, TensorHistograms> }; time: number }
/** A is what is compared with; B, when it is held, stands where the live numbers would. */
export type PinSlot = 'a' | 'b';

/** One parameter through the steps that were seen, oldest first; null where it had no gradient or was not seen. */
export interface NormHistory { step: number[]; loss: (Num | null)[]; globalNorm: (Num | null)[]; norm: (number | null)[] }

export interface Frame {
  /** With the histograms of the parameter that was asked for, when it exists. */
  report: GradientReport;
  history: NormHistory;
  /** Its values as PyTorch prints them, when asked for. */
  text: string | null;
}

export interface PanelState {
  models: PanelModel[];
  model: ModelId | null;
  /** Dotted path last selected in the Models tree or here. */
  path: string;
  paused: boolean;
  every: number;
  /** User code runs now, as far as is known. */
  running: boolean;
  trusted: boolean;
  /** When each pin was made; the pins themselves are asked for when they change. */
  pinned: { a: number | null; b: number | null };
}

export const GetState = request<null, PanelState>('gradients/state');
/** The numbers of now; engine work happens here and nowhere else. `bins` of the histograms. */
export const GetFrame = request<{ model: ModelId; name: string | null; bins: number; text: boolean }, Frame>('gradients/frame');
export const PickModel = request<{ model: ModelId }, null>('gradients/model');
/** Selects in the Models tree too; `open` also shows the source line. */
export const PickParameter = request<{ model: ModelId; path: string; open: boolean }, null>('gradients/parameter');
export const SetPin = request<{ slot: PinSlot; model: ModelId; set: boolean }, null>('gradients/pin');
export const GetPin = request<{ slot: PinSlot }, Pinned | null>('gradients/pinned');
export const SetSampling = request<{ every: number; paused: boolean }, null>('gradients/sampling');
/** What the empty panel offers. */
export const RunCommand = request<{ command: 'runFile' | 'openSample' | 'backward' | 'train' | 'interrupt'; model: ModelId | null }, null>('gradients/command');

/** Something is new: a backward pass, changed weights. */
export const FrameReady = notification<{ model: ModelId | null; step: number | null; loss: Num | null }>('gradients/ready');
export const StateChanged = notification<PanelState>('gradients/changed');
/** The engine cannot be asked: it crashed or is starting. Null: it can again. */
export const EngineTrouble = notification<ErrorInfo | null>('gradients/trouble');
