"""nbval runs the notebooks; a cell tagged ``timing`` measures time, so its output is not compared."""

from nbval import plugin

plugin.metadata_tags["timing"] = ("check", False)
