"""mlp: a multilayer perceptron written to be read, chapter by chapter.

Modules in reading order: network, losses, activations, initializers, chain_rule, backprop,
training, tables, trace, plots, data, widgets. `import mlp` loads NumPy and nothing else; `mlp.plots`
needs matplotlib and `mlp.widgets` needs anywidget, and both are imported by name.
"""

from . import data
from .activations import identity, relu, sigmoid, tanh
from .backprop import Gradients, backprop, numerical_gradients, step
from .chain_rule import factors, path_gradient, paths
from .initializers import he, small_normal, uniform, xavier, zeros
from .losses import l1, l2, squared_loss
from .network import MLP, forward
from .tables import table, weight_table
from .training import batches, train, updates

__version__ = "0.1.0"

__all__ = [
    "Gradients",
    "MLP",
    "backprop",
    "batches",
    "data",
    "factors",
    "forward",
    "he",
    "identity",
    "l1",
    "l2",
    "numerical_gradients",
    "path_gradient",
    "paths",
    "relu",
    "sigmoid",
    "small_normal",
    "squared_loss",
    "step",
    "table",
    "tanh",
    "train",
    "uniform",
    "updates",
    "weight_table",
    "xavier",
    "zeros",
]
