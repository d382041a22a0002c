/** What the engine says of a file, with its tensors as rows. */
import type { CheckpointOverview, TensorInfo } from '../../extension/protocol/checkpoint';

export type Info = Omit<CheckpointOverview, 'tensors'> & { tensors: TensorInfo[] };
