"""The version of nbstream, its single source.

Belongs here: one string, which the build reads too. Nothing else.
"""

from __future__ import annotations

__version__ = "0.1.0.dev0"
