"""``python -m skcluster`` is the command ``skcluster``."""

import sys

from skcluster.cli import main

sys.exit(main())
