"""What all tests share: how notebooks are compared, and how tests are shared out when several run side by side."""

import base64
import io
import re
import sys
from pathlib import Path

import numpy as np
from hypothesis import settings
from nbval import plugin
from PIL import Image
from xdist.scheduler import LoadScopeScheduling

sys.path.insert(0, str(Path(__file__).parent / "tools"))
import kernels  # noqa: E402

kernels.use_own()

# nbval runs the notebooks; a cell tagged ``timing`` measures time, so its output is not compared.
plugin.metadata_tags["timing"] = ("check", False)


def pictures(outputs):
    """What the pictures of a cell's outputs show: the mean colours of squares of 4 pixels, where a last bit is not seen."""
    shown = [Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"]))).convert("RGBA") for output in outputs if "image/png" in output.get("data", {})]
    return [np.asarray(Image.alpha_composite(Image.new("RGBA", one.size, "white"), one).convert("RGB").reduce(4), dtype=float) for one in shown]


def same(one, other):
    """Whether two pictures show the same: in one square at most the colours are apart."""
    return one.shape == other.shape and (abs(one - other).max(axis=2) > 40).sum() <= 1


def compare_outputs(cell, test, ref, compare=plugin.IPyNbCell.compare_outputs):
    """nbval's comparison leaves pictures out; here they have to show what a fresh run shows."""
    fresh, stored = pictures(test), pictures(ref)
    if not compare(cell, test, ref):
        return False
    if len(fresh) == len(stored) and all(map(same, fresh, stored)):
        return True
    cell.comparison_traceback.append("a stored picture shows something else than a fresh run: make refresh")
    return False


plugin.IPyNbCell.compare_outputs = compare_outputs

settings.register_profile("patient", deadline=None)  # a busy machine may stand still for a while
settings.load_profile("patient")


class Shares(LoadScopeScheduling):
    """With several workers (``make test``) a file's tests share one: a notebook has one kernel, a chapter runs once.

    The pages of the site are shared out one by one; the tests of its other build share one worker, which makes it.
    """

    def _split_scope(self, nodeid):
        file, _, test = nodeid.partition("::")
        page = re.search(r"\w+/[\w-]+\.html|search\.html", test)
        return "other" if "other" in test else page[0] if page else file


def pytest_xdist_make_scheduler(config, log):
    return Shares(config, log)
