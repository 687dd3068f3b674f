"""The kernels of the build, of `make refresh` and of the tests: in an environment of their own, and none of their figures lost.

Elsewhere MPLBACKEND may send every figure away, a matplotlibrc or a profile of IPython changes it, and a kernelspec of the
same name puts another kernel in the place of ours.
"""

import os
import subprocess
import sys
from pathlib import Path

OWN = Path(__file__).resolve().parents[1] / "_build" / ".kernels"
FOREIGN = ("MPLBACKEND", "JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "JUPYTER_RUNTIME_DIR", "PYTHONSTARTUP", "PYTHONWARNINGS")


def use_own(figures: str = "png") -> None:
    """From now on every kernel that this process starts runs in our environment, and draws its figures as `figures`."""
    matplotlib, ipython = OWN / "matplotlib", OWN / f"ipython-{figures}"
    (ipython / "profile_default").mkdir(parents=True, exist_ok=True)
    matplotlib.mkdir(exist_ok=True)
    for file, text in (
        (ipython / "profile_default" / "ipython_kernel_config.py",  # no date in a figure
         f'c.InlineBackend.figure_formats = {{"{figures}"}}\nc.InlineBackend.print_figure_kwargs = {{"bbox_inches": "tight", "metadata": {{"Date": None}}}}\n'),
        (matplotlib / "matplotlibrc", "svg.fonttype: none\nsvg.hashsalt: mlp\n"),  # text is text, and no id is drawn by lot; else matplotlib as it comes
    ):
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ |= {
        "IPYTHONDIR": str(ipython),
        "MPLCONFIGDIR": str(matplotlib),
        "MATPLOTLIBRC": str(matplotlib / "matplotlibrc"),
        "JUPYTER_CONFIG_DIR": str(OWN / "jupyter"),
        "JUPYTER_DATA_DIR": str(OWN / "jupyter"),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel that was installed with this Python
    }
    if not any(matplotlib.glob("fontlist-*")):  # once; a cell that had to do it would say so
        subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], check=True, stderr=subprocess.DEVNULL)


def should_show_a_figure(metadata: dict) -> bool:
    """Whether a cell's metadata says what its figure shows."""
    about = metadata.get("mystnb", {})
    return "figure" in about or "image" in about
