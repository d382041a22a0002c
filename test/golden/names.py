"""Public names of torch.nn and torch.optim: test/golden/names.json (see test/unit/names.test.ts)."""
import inspect, json, os
import torch
import torch.nn.functional as F

def names(module, keep): return sorted(n for n in dir(module) if not n.startswith('_') and keep(getattr(module, n)))
def function(module): return lambda v: callable(v) and not inspect.isclass(v) and (getattr(v, '__module__', None) or module.__name__).startswith(('torch.nn', 'torch._C', 'torch._jit', 'torch')) and not isinstance(v, torch.dtype)
def kind(base): return lambda v: inspect.isclass(v) and issubclass(v, base)

out = {
    'nn': names(torch.nn, kind(torch.nn.Module)),
    'nn.functional': [n for n in names(F, function(F)) if n not in dir(torch.overrides) and not n.startswith(('boolean_dispatch', 'assert_', 'handle_', 'has_'))],
    'nn.init': [n for n in names(torch.nn.init, function(torch.nn.init)) if n.endswith('_') or n == 'calculate_gain'],
    'nn.utils': ['clip_grad_norm_', 'clip_grad_value_', 'clip_grads_with_norm_', 'get_total_norm', 'parameters_to_vector', 'vector_to_parameters', 'weight_norm', 'remove_weight_norm', 'spectral_norm', 'remove_spectral_norm', 'skip_init', 'fuse_conv_bn_eval', 'fuse_linear_bn_eval', 'parametrize.register_parametrization', 'parametrize.remove_parametrizations', 'parametrize.is_parametrized', 'parametrize.cached', 'parametrizations.weight_norm', 'parametrizations.spectral_norm', 'parametrizations.orthogonal', 'rnn.pack_sequence', 'rnn.pack_padded_sequence', 'rnn.pad_packed_sequence', 'rnn.pad_sequence', 'rnn.unpad_sequence', 'rnn.unpack_sequence'],
    'optim': names(torch.optim, kind(torch.optim.Optimizer)),
    'optim.lr_scheduler': names(torch.optim.lr_scheduler, kind(torch.optim.lr_scheduler.LRScheduler)),
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'names.json'), 'w') as f: json.dump(out, f, indent=1); f.write('\n')
