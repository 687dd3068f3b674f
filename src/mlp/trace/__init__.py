"""What the interactive views show, as plain data made here: every word and, at rest, every number.

A panel HOLDS all it will ever show; a frame SAYS how much of it is shown and what is lit. `frames` is the contract;
`symbols`, `digits`, `drawing` and `ledger` are what views share, and each view is one file.
"""

from . import batches, descent, names, nudge, slopes, turn, valley
from .diamond import diamond
from .digits import short, signed, significant
from .drawing import MOST_UNITS, network_drawing
from .epochs import epoch_tape
from .ledger import Route, Step
from .paths import MOST_PATHS, path_ledger
from .rectangle import rectangle
from .symbols import plain, spoken, symbol
from .update import one_update

__all__ = ["MOST_PATHS", "MOST_UNITS", "Route", "Step", "batches", "descent", "diamond", "epoch_tape", "names", "network_drawing", "nudge", "one_update", "path_ledger",
           "plain", "rectangle", "short", "signed", "significant", "slopes", "spoken", "symbol", "turn", "valley"]
