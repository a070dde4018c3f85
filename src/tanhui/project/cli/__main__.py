"""`python -m tanhui.project.cli`: the command without an installed script."""

from __future__ import annotations

from tanhui.project.cli.root import main

if __name__ == "__main__":
    main()
