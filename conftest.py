"""What all tests share: how notebooks are compared, and how tests are shared out when several run side by side."""

import re
import sys
from pathlib import Path

from hypothesis import settings
from nbval import plugin
from xdist.scheduler import LoadScopeScheduling

sys.path.insert(0, str(Path(__file__).parent / "tools"))
import kernels  # noqa: E402

kernels.use_own()

# nbval runs the notebooks; a cell tagged ``timing`` measures time, so its output is not compared.
plugin.metadata_tags["timing"] = ("check", False)

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
