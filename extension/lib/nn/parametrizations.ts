/** What stands under nn.utils.parametrizations. */
export { orthogonal, type OrthogonalMap } from './orthogonal';
export { spectralNorm, weightNorm, type SpectralNormOptions } from './weightNorms';
