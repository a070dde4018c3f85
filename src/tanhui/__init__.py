"""Tanhui (碳惠): the open platform on which a county runs its green, low-carbon action plan."""
