/** What stands under nn.utils.parametrizations. */
export { spectralNorm, weightNorm, type SpectralNormOptions } from './weightNorms';
