"""Run the command ``skcluster`` by ``python -m skcluster``."""

import sys

from skcluster.cli import main

sys.exit(main())
